"""Which widths are offered and what they lose."""

from __future__ import annotations

import numpy as np
import pytest

from harness.channels.channels import Group
from harness.measure.latency.model import LatencyModel
from harness.prune.price.offers import losses, offers
from tests.measure.latency.tables import FREE, FULL, table

pytestmark = pytest.mark.without_tensorflow


def groups() -> tuple[Group, ...]:
    starts = np.cumsum([0, *FULL])
    return tuple(
        Group(tuple(range(start, start + size)), (f"layer_{number}",), None if number in FREE else "the output")
        for number, (start, size) in enumerate(zip(starts, FULL, strict=False))
    )


def scores() -> dict[int, np.ndarray]:
    rng = np.random.default_rng(0)
    return {group: rng.random(FULL[group]) for group in FREE}


def test_a_width_that_a_larger_one_undercuts_is_not_offered() -> None:
    found = offers([LatencyModel(table(), 1)], groups(), scores())
    assert 48 in found.widths[1]
    assert not {41, 42, 43, 45, 46, 47} & set(found.widths[1].tolist())


def test_losses_are_of_second_order_at_first_and_grow_the_faster_the_less_is_left() -> None:
    found = losses(np.array([4.0, 3.0, 2.0, 0.01]))
    assert found[-1] == 0
    assert 0 < found[2] < 0.01**2  # of 9.01 in all, 0.01 goes
    assert (np.diff(found) < 0).all()
    assert found[0] > 5.01  # more than all that goes is worth


def test_losses_are_in_the_unit_of_the_scores() -> None:
    scores = np.array([4.0, 3.0, 2.0, 0.01])
    np.testing.assert_allclose(losses(10 * scores), 10 * losses(scores))


def test_what_is_missed_after_all_adds_up_and_grows_the_faster_the_less_is_left() -> None:
    """Of shares that the weights around can't make up for: at first as much as goes, in the end without a bound."""
    found = losses(np.array([4.0, 3.0, 2.0, 0.01]), power=1)
    assert found[-1] == 0
    assert found[2] == pytest.approx(0.01, rel=0.01)
    assert found[1] > 2.01
    assert found[0] > 5.01
    np.testing.assert_allclose(losses(np.array([40.0, 30.0, 20.0, 0.1]), power=1), 10 * found)
