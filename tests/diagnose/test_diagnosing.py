"""The verb itself: one function by two names, that leaves the model as it is."""

from __future__ import annotations

import numpy as np

import harness
from harness.diagnose import Diagnosis
from tests.diagnose.cases.case import SPARSE, L, chain, digits
from tests.diagnose.small import diagnosed, small


def test_harness_diagnose_is_the_same_function() -> None:
    data = digits()
    found = harness.diagnose(small(), data.train_images, data.train_labels, loss=SPARSE)
    assert isinstance(found, Diagnosis)
    assert found.kinds() == ()


def test_the_model_is_not_changed() -> None:
    """Nor its weights, nor its optimizer, though steps are rehearsed."""
    model = small()
    model.compile(optimizer="adam", loss=SPARSE)
    before = [weight.copy() for weight in model.get_weights()]
    diagnosed(model, loss=None)
    assert int(model.optimizer.iterations) == 0
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_layers_may_be_called_what_tensorflow_can_not_train() -> None:
    """And are called so in the findings."""
    model = chain(L.Flatten(), L.Dense(16, name="größe 大"), L.Dense(10, activation="softmax", name="a:0"))
    assert [finding.where for finding in diagnosed(model).findings] == ["größe 大"]
