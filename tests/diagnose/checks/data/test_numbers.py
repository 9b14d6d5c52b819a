"""Data and weights that are no numbers, and labels that are nearly all the same."""

from __future__ import annotations

import numpy as np

from tests.diagnose.cases.case import L, chain, digits
from tests.diagnose.small import diagnosed, first, small


def test_nan_is_a_finding_wherever_it_is() -> None:
    images = digits().train_images[:64].copy()
    images[3, 0, 0, 0] = np.nan
    assert first(images=images) == "data-not-finite"
    model = small()
    model.layers[-1].bias.assign(np.full(10, np.nan))
    found = diagnosed(model)
    assert found.kinds() == ("weights-not-finite",)
    assert found.findings[0].where == model.layers[-1].name


def test_nearly_all_of_one_class_is_worth_a_note() -> None:
    labels = np.zeros(64, dtype=int)
    labels[:4] = 1
    found = diagnosed(chain(L.Flatten(), L.Dense(2, activation="softmax")), labels=labels)
    assert [(each.kind, each.severity) for each in found.findings] == [("class-imbalance", "note")]
