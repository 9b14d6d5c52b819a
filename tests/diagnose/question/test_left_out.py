"""What `fit` would do and a rehearsal does not is said."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from harness.diagnose import Diagnosis, diagnose
from tests.diagnose.cases.case import SPARSE, L, ask, dense_chain, digits


def diagnosis(model: keras.Model, **options: Any) -> Diagnosis:
    return ask(model, digits(limit=500), **options).diagnose()


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        (
            keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=10)
            ),
            "CosineDecay, the schedule of the learning rate: every step here has its highest, 0.01",
        ),
        (keras.optimizers.Adam(gradient_accumulation_steps=32), "32 batches to a step"),
        (keras.optimizers.Adam(), None),
    ],
    ids=["schedule", "accumulation", "neither"],
)
def test_what_a_rehearsal_leaves_out_is_said(optimizer: Any, said: str | None) -> None:
    found = diagnosis(dense_chain(1, "relu"), optimizer=optimizer)
    assert found.kinds() == ()
    assert [line for line in found.unchecked if said and said in line] == ([found.unchecked[0]] if said else [])
    assert len(found.unchecked) == (said is not None)


class Own(keras.Model):  # type: ignore[misc]
    """A model with a training step of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


def test_a_training_step_of_ones_own_is_said_to_be_left_out() -> None:
    inputs = keras.Input((28, 28, 1))
    model = Own(inputs, L.Dense(10, activation="softmax")(L.Flatten()(inputs)))
    found = diagnose(model, digits().train_images, digits().train_labels, loss=SPARSE)
    assert found.unchecked[0].startswith("Own.train_step")
