"""The four networks that people asked about: the cause is the first finding, and the cured ones are left alone."""

from __future__ import annotations

import keras
import pytest

import models
from tests.diagnose.cases.case import Asked, ask, digits
from tests.diagnose.cases.weights import cut, first_rows


def captcha(reshape: str, scale: str) -> Asked:
    return ask(models.build("deepcaptcha", reshape=reshape), digits(scale))


def colored(head_activation: str) -> Asked:
    return ask(models.build("colored", head_activation=head_activation), digits(color=True))


def stopping(asked: Asked) -> list[str]:
    return [finding.kind for finding in asked.diagnose().findings if finding.severity == "stops learning"]


def test_padding_broke_the_model_because_the_softmax_is_hidden() -> None:
    """The Reshape after the Softmax is the cause, not the padding."""
    found = captcha("after_softmax", "raw").diagnose()
    first = found.findings[0]
    assert (first.kind, first.severity, first.where) == ("softmax-hidden", "stops learning", "reshape")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere Keras never finds the logits again")
@pytest.mark.parametrize(("reshape", "scale"), [("before_softmax", "raw"), ("after_softmax", "unit")])
def test_either_cure_of_the_captcha_network_is_enough(reshape: str, scale: str) -> None:
    assert stopping(captcha(reshape, scale)) == []


def test_colored_digits_are_hard_because_of_the_relu_before_the_softmax() -> None:
    first = colored("relu").diagnose().findings[0]
    assert (first.kind, first.where) == ("clipped-logits", "dense_1")


def test_the_cured_colored_network_is_left_alone() -> None:
    assert stopping(colored("none")) == []


def test_removing_a_filter_ruins_the_network_because_the_wrong_rows_stay() -> None:
    found = ask(first_rows(32, 1)).diagnose()
    assert found.findings[0].kind == "rows-misordered"
    assert found.findings[0].where == "dense_1"
    assert found.findings[0].evidence.value == 32  # channels that the kernel was made for


def test_a_filter_removed_with_its_own_rows_is_left_alone() -> None:
    """The same network, less the rows that belong to the filter: they are not the last ones."""
    pruned = cut(32, 1, lambda kernel, rows: kernel.reshape(26, 26, 32, 10)[:, :, :31].reshape(rows, 10))
    assert stopping(ask(pruned)) == []


def test_the_constant_width_is_no_reason_not_to_learn() -> None:
    """Activations shrink through its ten convolutions, and it learns all the same: nothing else would be true."""
    model = models.build("eight_class", input_shape=[96, 96, 3], n_class=10, filters=8)
    assert stopping(ask(model, digits(color=True, side=96, limit=60))) == []
