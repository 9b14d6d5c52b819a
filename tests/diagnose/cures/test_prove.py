"""`prove=True` trains without and with each cure, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest

import models
from harness.diagnose import Proof
from tests.diagnose.cases.case import SPARSE, Asked, L, ask, chain, dense_chain, digits
from tests.diagnose.cases.given import stuck_history
from tests.diagnose.cases.networks import colored
from tests.diagnose.cases.planted import PLANTED, named
from tests.diagnose.cases.weights import impatient
from tests.diagnose.proofs import gained, learned, proof


def much_too_low() -> Proof:
    keras.utils.set_random_seed(1)
    asked = ask(dense_chain(1, "relu"), digits(limit=500), optimizer="sgd", learning_rate=1e-7, prove=True)
    return proof(asked, "learning-rate-low")


@pytest.fixture(scope="module")
def too_low() -> Proof:
    return much_too_low()


def test_a_learning_rate_that_is_too_low_is_proven(too_low: Proof) -> None:
    """None of the seeds learns with it, and all of them with the one that was found."""
    assert learned(too_low) == ([False] * 3, [True] * 3)
    assert too_low.text.startswith("90 training steps, with a learning rate of ")


def test_the_same_seed_is_the_same_trial(too_low: Proof) -> None:
    """Each seed begins afresh, though the network is compiled once."""
    again = [trial.accuracy for trial in much_too_low().with_cure]
    assert again == pytest.approx([trial.accuracy for trial in too_low.with_cure], abs=0.02)
    assert len(set(again)) > 1


def test_a_hidden_softmax_is_proven() -> None:
    """The same network and pixels, but for the place of the Softmax."""
    keras.utils.set_random_seed(1)
    model = chain(L.Flatten(), L.Dense(64, activation="relu"), L.Dense(10, activation="softmax"), L.Reshape((1, 10)))
    found = proof(ask(model, digits("raw", limit=500), prove=True), "softmax-hidden")
    assert gained(found) > 0.2
    assert all(learned(found)[1])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Rescaling, divided before", "with raw pixels, from 0 to 255"),
        ("Softmax over one output", "with a sigmoid in dense_1"),
        ("dense, all weights 0.01", "with he_normal kernels and biases of zero"),
        ("dense, Dropout of 0.99", "with rates of 0.2"),
        ("single_conv, a NaN pixel", "with 319 of 320 images"),
    ],
)
def test_the_cure_that_is_named_is_tried_and_helps(name: str, change: str) -> None:
    keras.backend.clear_session()  # for the names of layers
    keras.utils.set_random_seed(1)
    (case,) = named(name)
    asked = case.make()
    found = proof(replace(asked, options={**asked.options, "prove": True}), case.kind or "")
    assert found.change == change
    assert gained(found) > 0.2


@pytest.mark.slow
def test_what_a_planted_fault_stops_its_cure_lets_learn_and_nothing_that_learned_stops() -> None:
    """Each is tried where it can be; the rest says in a word why not.

    What learns in spite of its fault is slowed: 90 steps are too few to show that, and the proof then says so.
    """
    stopped, slowed = {}, {}
    for case in PLANTED:
        keras.utils.set_random_seed(1)
        asked = case.make()
        found = replace(asked, options={**asked.options, "prove": True}).diagnose().findings
        first = next(finding for finding in found if finding.kind == case.kind)
        assert (first.proof is None) == bool(first.untried), case.name
        if first.proof is not None:
            (slowed if any(learned(first.proof)[0]) else stopped)[case.name] = first.proof
        keras.backend.clear_session()
    print(*(f"{gained(proof):+.2f} {name}: {proof.text}" for name, proof in (stopped | slowed).items()), sep="\n")  # noqa: T201
    uncured = {name: proof.text for name, proof in stopped.items() if not all(learned(proof)[1])}
    assert len(uncured) <= 0.1 * len(stopped), uncured
    harmed = {name: proof.text for name, proof in slowed.items() if sum(learned(proof)[1]) < sum(learned(proof)[0])}
    assert not harmed
    silent = [name for name, proof in slowed.items() if gained(proof) <= 0 and "show no gain" not in proof.text]
    assert not silent


def test_what_takes_a_person_has_no_proof() -> None:
    """And nothing is trained where nothing was found."""
    model, data = dense_chain(1, "relu"), digits()
    assert ask(model, data, learning_rate=1e-3, prove=True).diagnose().findings == ()
    found = Asked(model, data.train_images, data.train_labels + 1, {"loss": SPARSE, "prove": True}).diagnose()
    assert [(finding.proof, finding.untried) for finding in found.findings] == [
        (None, "not tried: Keras refuses such labels or makes NaN of them, so there is nothing to compare")
    ]


def test_where_the_network_can_not_run_nothing_is_tried() -> None:
    """Whatever stops it, of all that can: the checks after that one can't look either."""
    (case,) = named("poolings eat 28 pixels")
    asked = case.make()
    found = replace(asked, options={**asked.options, "prove": True}).diagnose()
    assert [(finding.kind, finding.proof) for finding in found.findings] == [("feature-map-eaten", None)]


def test_a_network_that_stopped_too_soon_is_trained_for_longer() -> None:
    keras.utils.set_random_seed(1)
    found = proof(
        ask(dense_chain(3, "sigmoid"), digits(limit=500), history=stuck_history(), prove=True), "chance-plateau"
    )
    assert "twice as many steps" in found.text
    assert gained(found) > 0.1
    judged = found.steps // 3 * 32  # examples that each accuracy is of, also of the longer training
    hits = [judged * trial.accuracy for trial in found.without + found.with_cure]
    assert hits == pytest.approx([round(hit) for hit in hits], abs=1e-3)


def test_patience_cures_no_labels_that_mean_nothing() -> None:
    """Of so many examples, that few steps can't learn them by heart."""
    keras.utils.set_random_seed(1)
    data = digits(limit=5000)
    shuffled = np.random.default_rng(0).permutation(data.train_labels)
    options = {"history": stuck_history(), "prove": True}
    found = proof(Asked(dense_chain(3, "sigmoid"), data.train_images, shuffled, options), "chance-plateau")
    assert not any(learned(found)[1])


@pytest.mark.slow
def test_the_captcha_network_learns_only_with_its_softmax_last() -> None:
    found = proof(ask(models.build("deepcaptcha"), digits("raw", limit=1000), prove=True), "softmax-hidden")
    without, cured = learned(found)
    assert (sum(without) <= 1, cured) == (True, [True] * 3)
    assert gained(found) > 0.5


@pytest.mark.slow
def test_the_colored_network_loses_classes_unless_its_last_relu_goes() -> None:
    """It learns something either way, so the accuracies tell."""
    found = proof(ask(colored(head_activation="relu"), digits(color=True, limit=1000), prove=True), "clipped-logits")
    assert all(learned(found)[1])
    assert gained(found) > 0.1


@pytest.mark.slow
def test_the_network_of_constant_width_needs_patience(record_property: Callable[[str, object], None]) -> None:
    """As its study found over seven seeds, where none learns in six epochs, and all do in twelve."""
    keras.utils.set_random_seed(0)
    first = impatient(prove=True).diagnose().findings[0]
    found = first.proof
    assert first.kind == "chance-plateau"
    assert found is not None
    record_property("proof", found.text)
    assert all(learned(found)[1])
    assert gained(found) > 0.1
