"""Clipping and loss weights that leave hardly any gradient."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from harness.diagnose import Diagnosis
from tests.diagnose.cases.case import SPARSE, ask, dense_chain, digits
from tests.diagnose.proofs import learned


def diagnosis(model: keras.Model, **options: Any) -> Diagnosis:
    return ask(model, digits(limit=500), **options).diagnose()


def test_gradients_that_are_clipped_away_are_named_and_proven() -> None:
    keras.utils.set_random_seed(1)
    optimizer = keras.optimizers.SGD(0.1, clipvalue=1e-6)
    first = ask(dense_chain(1, "relu"), digits(limit=500), optimizer=optimizer, prove=True).diagnose().findings[0]
    assert (first.kind, first.severity) == ("gradients-held-back", "stops learning")
    assert first.proof is not None
    assert learned(first.proof) == ([False] * 3, [True] * 3)


@pytest.mark.parametrize(("rate", "weight"), [(0.1, 1e-5), (1e-3, 1e-6)])
def test_a_loss_weight_that_leaves_nothing_is_named(rate: float, weight: float) -> None:
    """Also where ten steps of such a rate show little without it."""
    model = dense_chain(1, "relu")
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=SPARSE, loss_weights=[weight])
    first = diagnosis(model, loss=None).findings[0]
    assert (first.kind, first.cure) == ("gradients-held-back", "Leave out loss_weights: one output needs none")
