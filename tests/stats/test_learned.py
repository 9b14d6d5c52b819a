"""One definition of having learned: above chance, and a loss that falls or is small."""

from __future__ import annotations

import math

import pytest

from harness.records import Training
from harness.stats.learned import learned

FALLING = (2.3, 1.5, 0.9)


@pytest.mark.parametrize(
    ("accuracy", "losses", "expected"),
    [
        (0.9, FALLING, True),
        (0.1, FALLING, False),
        (0.12, FALLING, False),
        (0.14, FALLING, True),
        (0.9, (1.0, 1.0, 1.0), False),
        (0.99, (0.02, 0.05, 0.05), True),
        (0.9, (2.0, math.nan), False),
        (0.9, (1.0,), True),
        (0.9, (), False),
    ],
)
def test_learned_is_above_chance_with_a_loss_that_falls_or_is_small(
    accuracy: float, losses: tuple[float, ...], expected: bool
) -> None:
    """Chance is 0.1 on 1,000 examples: 130 hits are the fewest with p below 0.001."""
    assert learned(accuracy, 0.1, 1000, losses) is expected


def training(**values: object) -> Training:
    told = {"history": {"accuracy": (0.5, 0.9), "loss": (1.0, 0.4)}, "examples": 1000, "chance": 0.1}
    common = {"parameters": 1, "seconds": 1.0, "backend": "tensorflow", "device": "cpu:0", "keras_version": "3"}
    return Training.model_validate({**common, **told, **values})


def test_a_training_knows_whether_it_learned() -> None:
    assert training().learned is True
    assert training(history={"accuracy": (0.5, 0.9), "loss": (1.0, None)}).learned is False
    assert training(history={"accuracy": (0.5, None), "loss": (1.0, 0.4)}).learned is False


def test_what_older_versions_did_not_record_leaves_it_open() -> None:
    assert training(examples=None).learned is None
    assert training(chance=None).learned is None
    assert training(history={"loss": (1.0, 0.4)}).learned is None
