"""Penalties and weight decay that outweigh the loss, and those that don't."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from harness.diagnose import Diagnosis
from tests.diagnose.cases.case import SPARSE, L, ask, chain, dense_chain, digits, fitted
from tests.diagnose.cases.networks import penalized
from tests.diagnose.evidence.test_objective import Squares
from tests.diagnose.proofs import gained, learned, proof

R = keras.regularizers


def diagnosis(model: keras.Model, **options: Any) -> Diagnosis:
    return ask(model, digits(limit=500), **options).diagnose()


@pytest.fixture(scope="module")
def drowned() -> keras.Model:
    """Compiled, never trained."""
    keras.utils.set_random_seed(1)
    model = penalized(dense_chain(3, "relu"), R.L2(1.0))
    model.compile(optimizer="adam", loss=SPARSE, jit_compile=False)
    return model


def test_a_penalty_that_drowns_the_loss_is_the_first_finding(drowned: keras.Model) -> None:
    """Whether the loss is the model's or given anew; `losses` is what remains of the predictions."""
    for options in ({"loss": None}, {"loss": SPARSE}):
        found = diagnosis(drowned, **options)
        first = found.findings[0]
        assert (first.kind, first.severity) == ("penalty-drowns-loss", "stops learning")
        assert first.cure == "Lower l2 from 1 to about 0.001"
        assert found.penalties[0] > 10 * found.losses[0] > 0  # type: ignore[operator]
        assert len(found.penalties) == len(found.losses)
        assert "pulls" in first.evidence.text


def test_what_such_a_training_left_is_traced_to_it() -> None:
    """Kernels have shrunk so far that the penalty is small: fresh weights show what it was."""
    keras.utils.set_random_seed(1)
    model = fitted(penalized(dense_chain(3, "relu"), R.L2(1.0)), digits(limit=500), epochs=8, learning_rate=1e-2)
    history = {"loss": [60.0, 20.0, 2.31], "accuracy": [0.1, 0.1, 0.1]}
    found = diagnosis(model, history=history)
    first = found.findings[0]
    assert (first.kind, first.severity) == ("penalty-drowns-loss", "stops learning")
    assert "training has shrunk the kernels" in first.evidence.text
    assert "the loss falls from 60 to 2.31" in first.evidence.text
    assert "predictions-collapsed" not in found.kinds()


def test_weaker_penalties_are_proven(drowned: keras.Model) -> None:
    """Without, the first steps learn a little before the weights are gone."""
    found = proof(ask(drowned, digits(limit=500), loss=None, prove=True), "penalty-drowns-loss")
    assert all(learned(found)[1])
    assert gained(found) > 0.4
    assert "with the penalties times 0.001" in found.text


def test_penalties_of_the_usual_strength_are_no_finding() -> None:
    usual = penalized(dense_chain(3, "relu"), R.L1L2(1e-5, 1e-4))
    assert diagnosis(usual, optimizer="adamw").kinds() == ()


def test_an_added_loss_that_drowns_the_other_has_a_cure_without_a_number_of_its_own() -> None:
    model = chain(L.Flatten(), L.Dense(64), L.Rescaling(300.0), Squares(), L.Rescaling(1 / 300), L.Dense(10, "softmax"))
    first = diagnosis(model).findings[0]
    assert first.kind == "penalty-drowns-loss"
    assert "add_loss" in first.cure


def test_a_loss_that_is_weighed_too_little_is_told_of_its_weight() -> None:
    model = penalized(dense_chain(1, "relu"), R.L2(1e-3))
    model.compile(optimizer="adam", loss=SPARSE, loss_weights=1e-4)
    first = diagnosis(model, loss=None).findings[0]
    assert (first.kind, first.cure[:45]) == ("penalty-drowns-loss", "Weigh the loss more than 0.0001 in loss_weigh")


def test_weight_decay_that_outpaces_the_loss_is_named_and_proven() -> None:
    keras.utils.set_random_seed(1)
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=200.0)
    asked = ask(dense_chain(1, "relu"), digits(limit=500), optimizer=optimizer, prove=True)
    first = asked.diagnose().findings[0]
    assert (first.kind, first.severity) == ("weight-decay-high", "stops learning")
    assert first.proof is not None
    assert learned(first.proof) == ([False] * 3, [True] * 3)
