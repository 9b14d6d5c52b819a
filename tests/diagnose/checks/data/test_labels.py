"""Labels that the loss or the network can't take are findings, and unusual ones that they can are none."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tests.diagnose.cases.case import L, chain, digits, one_hot
from tests.diagnose.small import diagnosed, first


def test_labels_that_do_not_fit_are_a_finding() -> None:
    labels = digits().train_labels[:64]
    assert first(labels=labels[:60]) == "examples-mismatch"
    assert first(labels=one_hot(labels)) == "label-encoding"
    assert first(labels=labels + 0.5) == "label-encoding"
    assert first(labels=np.eye(12)[labels], loss="categorical_crossentropy") == "class-count"
    assert first(labels=labels.astype(str)) == "label-encoding"


def test_labels_with_a_gap_want_an_output_for_the_largest() -> None:
    """24 letters, numbered to 24 with none at 9."""
    labels = np.array([k for k in range(25) if k != 9] * 3)[:64]
    found = diagnosed(labels=labels).findings[0]
    assert (found.kind, found.cure.partition(",")[0]) == ("class-count", "Give the last layer 25 outputs")
    widened = diagnosed(chain(L.Flatten(), L.Dense(25, activation="softmax")), labels=labels)
    assert [(each.kind, each.severity) for each in widened.findings] == [("class-count", "note")]
    assert "no label is 9" in widened.findings[0].what


def test_one_output_with_the_loss_of_several_is_told_both_ways_out() -> None:
    model = chain(L.Flatten(), L.Dense(1, activation="sigmoid"))
    (found,) = diagnosed(model, labels=digits().train_labels[:64] % 2).findings
    assert found.what == "The labels go from 0 to 1, and the model has one output"
    assert found.cure.startswith("Use loss='binary_crossentropy' with the one output, a sigmoid, or give")


def test_soft_labels_and_labels_of_several_classes_are_no_mistake() -> None:
    """Rows as label smoothing makes them, and rows for more than one class at once."""
    rows = one_hot(digits().train_labels[:64])
    assert not diagnosed(labels=0.9 * rows + 0.01, loss="categorical_crossentropy").stops_learning
    several = np.maximum(rows, np.roll(rows, 1, axis=1))
    model = chain(L.Flatten(), L.Dense(10, activation="sigmoid"))
    assert not diagnosed(model, labels=several, loss="binary_crossentropy").stops_learning


def test_only_hinge_takes_a_label_of_minus_one() -> None:
    """And not one of -2, nor for a Softmax of ten classes."""
    signs = 2 * (digits().train_labels[:64] % 2) - 1
    model = chain(L.Flatten(), L.Dense(1, activation="tanh"))
    assert not diagnosed(model, labels=signs, loss="squared_hinge").stops_learning
    assert first(model, labels=signs - 1, loss="squared_hinge") == "class-count"
    assert first(labels=signs) == "class-count"
    (found,) = diagnosed(model, labels=signs, loss="binary_crossentropy").findings
    assert found.what.endswith("the model has one output, which tells 0 and 1 apart")
    assert found.cure == "Number the two classes 0 and 1"


def test_a_loss_of_the_users_own_gets_the_labels_as_they_are() -> None:
    def own(labels: Any, outputs: Any) -> Any:
        assert labels.shape == (64,)
        return keras.losses.sparse_categorical_crossentropy(labels, outputs)

    assert not diagnosed(loss=own).stops_learning
