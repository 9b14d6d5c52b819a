"""A network that has learned is not told of how learning begins."""

from __future__ import annotations

import keras
import pytest

from harness.diagnose.checks.signal.gradients import vanishing
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.question.question import read_question
from tests.diagnose.cases.case import SPARSE, ask, dense_chain, digits, fitted, with_weights


@pytest.fixture(scope="module")
def by_heart() -> keras.Model:
    """All digits right, a loss of nearly nothing."""
    keras.utils.set_random_seed(1)
    return fitted(dense_chain(2, "relu"), digits(), 20, learning_rate=0.01)


@pytest.mark.parametrize("rate", [0.1, 1e-7], ids=["high", "low"])
def test_what_knows_its_examples_is_not_told_of_how_learning_begins(by_heart: keras.Model, rate: float) -> None:
    """The loss can't fall any more, and every long step raises it."""
    assert ask(by_heart, learning_rate=rate).diagnose().kinds() == ()


def test_fading_gradients_of_a_network_that_learned_all_the_same_are_no_finding(by_heart: keras.Model) -> None:
    """Its first layer has hardly any gradient, and needs none; a fresh one would learn nothing like that."""
    model = keras.models.clone_model(by_heart)
    model.set_weights(by_heart.get_weights())
    with_weights(model, model.layers[1].name, lambda weights: [1e3 * weight for weight in weights])
    with_weights(model, model.layers[2].name, lambda weights: [weights[0] * 1e-3, weights[1]])
    evidence = Evidence(read_question(model, digits().train_images, digits().train_labels, loss=SPARSE))
    assert vanishing(evidence) == "stops learning"
    assert ask(model).diagnose().kinds() == ()
