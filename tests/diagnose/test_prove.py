"""`prove=True` trains without and with each cure, and says what came of it."""

from __future__ import annotations

import pytest

from tests.diagnose.cases import Asked, ask, digits
from tests.diagnose.planted import captcha, colored, single


def proven(asked: Asked, kind: str) -> tuple[list[bool], list[bool], float]:
    """Which seeds learn without and with the cure of a finding, and how much more accurate they are on average."""
    found = asked.diagnose()
    proof = next(finding.proof for finding in found.findings if finding.kind == kind)
    assert proof is not None
    assert proof.text.startswith(f"{proof.steps} training steps, with ")
    accuracies = [[trial.accuracy for trial in trials] for trials in (proof.without, proof.with_cure)]
    without, cured = (sum(each) / len(each) for each in accuracies)
    return [trial.learned for trial in proof.without], [trial.learned for trial in proof.with_cure], cured - without


def test_the_captcha_network_learns_only_with_its_softmax_last() -> None:
    data = digits("raw", limit=1000)
    without, cured, _ = proven(ask(captcha(reshape="after_softmax"), data, prove=True), "softmax-hidden")
    assert (without, cured) == ([False] * 3, [True] * 3)


def test_the_colored_network_loses_classes_unless_its_last_relu_goes() -> None:
    """It learns something either way, so the accuracies tell."""
    data = digits(color=True, limit=1000)
    _, cured, gained = proven(ask(colored(head_activation="relu"), data, prove=True), "clipped-logits")
    assert cured == [True] * 3
    assert gained > 0.1


def test_a_learning_rate_is_proven_too() -> None:
    asked = ask(single(), digits(limit=1000), optimizer="sgd", learning_rate=1e-7, prove=True)
    assert proven(asked, "learning-rate-low")[:2] == ([False] * 3, [True] * 3)


def test_what_takes_a_person_has_no_proof() -> None:
    """And nothing is trained where nothing was found."""
    found = ask(single(), digits(), learning_rate=1e-3, prove=True).diagnose()
    assert found.findings == ()
    labels = Asked(single(), digits().train_images, digits().train_labels + 1, {"prove": True}).diagnose()
    assert [finding.proof for finding in labels.findings] == [None]


@pytest.mark.slow
def test_pixels_divided_by_255_are_proven() -> None:
    """With 32 filters, 0 to 255 costs accuracy in the first steps."""
    asked = ask(single(filters=32), digits("raw", limit=1000), optimizer="sgd", learning_rate=0.01, prove=True)
    without, cured, gained = proven(asked, "inputs-unscaled")
    assert cured == [True] * 3
    assert gained > 0 or not all(without)
