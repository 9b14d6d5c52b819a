"""Which variants stand on the speed/accuracy frontier."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import Latency, Place, Standing
from harness.compare import frontier as frontiers
from harness.compare.frontier import Evidence, Numbers, Point, Signs, places

# How two points differ in one thing, for each pair of them: what the evidence is made of.
Sign = Callable[[Point, Point], int]


def point(key: str, accuracy: float, typical_us: float) -> Point:
    return Point(key, accuracy, Latency(typical_us=typical_us, low_us=None, high_us=None))


def evidence(points: Sequence[Point], speed: Sign, accuracy: Sign) -> Evidence:
    """What is clear of each pair."""

    def judged(sign: Sign, ours: Numbers, theirs: Numbers) -> Signs:
        return np.array([sign(points[a], points[b]) for a, b in zip(ours, theirs, strict=True)], dtype=np.int8)

    return Evidence(
        speed=lambda ours, theirs: judged(speed, ours, theirs),
        accuracy=lambda ours, theirs: judged(accuracy, ours, theirs),
    )


def placed(
    points: Sequence[Point], faster: Collection[str] = (), more_accurate: Collection[str] = ()
) -> dict[str, Place]:
    """Their places where this is clear, as `ab`: a is clearly better than b."""

    def sign(clear: Collection[str]) -> Sign:
        return lambda ours, theirs: int(ours.key + theirs.key in clear) - int(theirs.key + ours.key in clear)

    return places(points, evidence(points, sign(faster), sign(more_accurate)))


SLOW, FAST = point("a", 0.95, 100.0), point("b", 0.90, 50.0)


def test_faster_and_more_accurate_share_the_frontier_when_both_leads_are_clear() -> None:
    found = placed([SLOW, FAST], faster=["ba"], more_accurate=["ab"])
    assert found == {key: Place(standing=Standing.ON, rival=None) for key in "ab"}


def test_a_lead_in_accuracy_that_is_not_clear_against_one_that_is_clearly_faster_is_narrow() -> None:
    found = placed([SLOW, FAST], faster=["ba"])
    assert found["a"] == Place(standing=Standing.NARROWLY, rival="b")
    assert found["b"].standing is Standing.ON


def test_a_lead_in_speed_that_is_not_clear_against_one_that_is_clearly_more_accurate_is_narrow() -> None:
    found = placed([SLOW, FAST], more_accurate=["ab"])
    assert found["b"] == Place(standing=Standing.NARROWLY, rival="a")
    assert found["a"].standing is Standing.ON


def test_beaten_clearly_in_one_thing_is_behind() -> None:
    worse = point("c", 0.90, 120.0)
    assert placed([SLOW, worse], more_accurate=["ac"])["c"] == Place(standing=Standing.BEHIND, rival="a")


def test_beaten_but_clearly_in_nothing_is_close_behind() -> None:
    worse = point("c", 0.949, 101.0)
    assert placed([SLOW, worse])["c"] == Place(standing=Standing.CLOSE, rival="a")


def test_equal_points_beat_neither() -> None:
    twin = point("t", 0.95, 100.0)
    assert {place.standing for place in placed([SLOW, twin]).values()} == {Standing.ON}


def beats(ours: Point, theirs: Point) -> bool:
    """Whether ours is at least as good in both values, and better in one."""
    sides = (theirs.latency.typical_us - ours.latency.typical_us, ours.accuracy - theirs.accuracy)
    return min(sides) >= 0 and max(sides) > 0


values = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=8)


@given(values)
def test_the_frontier_is_all_that_nothing_beats_and_is_never_empty(pairs: list[tuple[int, int]]) -> None:
    points = [point(str(index), accuracy / 10, float(latency)) for index, (accuracy, latency) in enumerate(pairs)]
    on = {key for key, place in placed(points).items() if place.standing in (Standing.ON, Standing.NARROWLY)}
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

    found = places(crowd, evidence(crowd, lambda ours, theirs: 0, by_value))
    unbeaten = sum(place.standing in (Standing.ON, Standing.NARROWLY) for place in found.values())
    assert 0 < unbeaten < 30
    assert len(asked) <= len(crowd) + unbeaten**2


def by_definition(points: Sequence[Point], speed: Sign, accuracy: Sign) -> dict[str, Place]:
    """The rule at the head of the module, pair by pair: a rival is the best of those that are one."""
    best = sorted(points, key=lambda each: (-each.accuracy, each.latency.typical_us))
    unbeaten = [each for each in best if not any(beats(other, each) for other in best)]
    found = {}
    for own in points:
        beating = [other for other in best if beats(other, own)]
        if beating:
            clear = [other for other in beating if max(accuracy(other, own), speed(other, own)) > 0]
            standing = Standing.BEHIND if clear else Standing.CLOSE
            found[own.key] = Place(standing=standing, rival=(clear or beating)[0].key)
            continue
        rivals = []
        for other in unbeaten:
            ahead = other.accuracy > own.accuracy or other.latency.typical_us < own.latency.typical_us
            signs = (accuracy(other, own), speed(other, own))
            if ahead and min(signs) >= 0 and max(signs) > 0:
                rivals.append(other.key)
        standing = Standing.NARROWLY if rivals else Standing.ON
        found[own.key] = Place(standing=standing, rival=rivals[0] if rivals else None)
    return found


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), min_size=1, max_size=25),
    st.floats(0, 4),
    st.integers(0, 3),
)
def test_places_are_those_of_the_definition_pair_by_pair(pairs: list[tuple[int, int]], reach: float, seed: int) -> None:
    """Whatever is clear, and wherever a block and a window end."""
    rng = np.random.default_rng(seed)
    points = [point(str(index), accuracy / 10, float(latency)) for index, (accuracy, latency) in enumerate(pairs)]
    noise = {each.key: rng.normal(size=2) for each in points}

    def speed(ours: Point, theirs: Point) -> int:
        apart = theirs.latency.typical_us - ours.latency.typical_us + noise[ours.key][0] - noise[theirs.key][0]
        return int(apart > reach) - int(apart < -reach)

    def accuracy(ours: Point, theirs: Point) -> int:
        apart = 10 * (ours.accuracy - theirs.accuracy) + noise[ours.key][1] - noise[theirs.key][1]
        return int(apart > reach) - int(apart < -reach)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontiers, "BLOCK", 4)
        patch.setattr(frontiers, "WINDOW", 3)
        assert places(points, evidence(points, speed, accuracy)) == by_definition(points, speed, accuracy)
