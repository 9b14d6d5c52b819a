"""One definition of having learned: above chance, and a loss that falls or is small."""

from __future__ import annotations

import math

import pytest

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
