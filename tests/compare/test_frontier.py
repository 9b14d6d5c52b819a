"""Which variants stand on the speed/accuracy frontier."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import Latency, Place, Standing
from harness.compare.frontier import Evidence, Point, places


def point(key: str, accuracy: float, typical_us: float) -> Point:
    return Point(key, accuracy, Latency(typical_us=typical_us, low_us=None, high_us=None))


def evidence(faster: Collection[str] = (), more_accurate: Collection[str] = ()) -> Evidence:
    """What is clear, as `ab`: a is clearly better than b."""

    def judge(clear: Collection[str], ours: Point, theirs: Point) -> int:
        return int(ours.key + theirs.key in clear) - int(theirs.key + ours.key in clear)

    return Evidence(
        speed=lambda ours, theirs: judge(faster, ours, theirs),
        accuracy=lambda ours, theirs: judge(more_accurate, ours, theirs),
    )


SLOW, FAST = point("a", 0.95, 100.0), point("b", 0.90, 50.0)


def test_faster_and_more_accurate_share_the_frontier_when_both_leads_are_clear() -> None:
    found = places([SLOW, FAST], evidence(faster=["ba"], more_accurate=["ab"]))
    assert found == {key: Place(standing=Standing.ON, rival=None) for key in "ab"}


def test_a_lead_in_accuracy_that_is_not_clear_against_one_that_is_clearly_faster_is_narrow() -> None:
    found = places([SLOW, FAST], evidence(faster=["ba"]))
    assert found["a"] == Place(standing=Standing.NARROWLY, rival="b")
    assert found["b"].standing is Standing.ON


def test_a_lead_in_speed_that_is_not_clear_against_one_that_is_clearly_more_accurate_is_narrow() -> None:
    found = places([SLOW, FAST], evidence(more_accurate=["ab"]))
    assert found["b"] == Place(standing=Standing.NARROWLY, rival="a")
    assert found["a"].standing is Standing.ON


def test_beaten_clearly_in_one_thing_is_behind() -> None:
    worse = point("c", 0.90, 120.0)
    assert places([SLOW, worse], evidence(more_accurate=["ac"]))["c"] == Place(standing=Standing.BEHIND, rival="a")


def test_beaten_but_clearly_in_nothing_is_close_behind() -> None:
    worse = point("c", 0.949, 101.0)
    assert places([SLOW, worse], evidence())["c"] == Place(standing=Standing.CLOSE, rival="a")


def test_equal_points_beat_neither() -> None:
    twin = point("t", 0.95, 100.0)
    assert {place.standing for place in places([SLOW, twin], evidence()).values()} == {Standing.ON}


def beats(ours: Point, theirs: Point) -> bool:
    """Whether ours is at least as good in both values, and better in one."""
    sides = (theirs.latency.typical_us - ours.latency.typical_us, ours.accuracy - theirs.accuracy)
    return min(sides) >= 0 and max(sides) > 0


values = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=8)


@given(values)
def test_the_frontier_is_all_that_nothing_beats_and_is_never_empty(pairs: list[tuple[int, int]]) -> None:
    points = [point(str(index), accuracy / 10, float(latency)) for index, (accuracy, latency) in enumerate(pairs)]
    on = {
        key for key, place in places(points, evidence()).items() if place.standing in (Standing.ON, Standing.NARROWLY)
    }
    assert on == {each.key for each in points if not any(beats(other, each) for other in points)}
    assert on


def test_most_pairs_of_a_crowd_are_never_judged() -> None:
    """What is beaten clearly takes one look at the best that beats it; what is not is judged beside its like alone."""
    rng = np.random.default_rng(0)
    crowd = [point(str(number), *pair) for number, pair in enumerate(rng.uniform(0.5, 1.0, (1000, 2)))]
    asked: list[tuple[str, str]] = []

    def by_value(ours: Point, theirs: Point) -> int:
        asked.append((ours.key, theirs.key))
        return int(np.sign(ours.accuracy - theirs.accuracy))

    found = places(crowd, Evidence(speed=lambda ours, theirs: 0, accuracy=by_value))
    unbeaten = sum(place.standing in (Standing.ON, Standing.NARROWLY) for place in found.values())
    assert 0 < unbeaten < 30
    assert len(asked) <= len(crowd) + unbeaten**2
