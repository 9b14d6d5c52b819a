"""Which variants are worth having: none other is both faster and more accurate.

The rule, for the variants of one task at one batch size:

- A variant is *on* the frontier when no other has a latency at most as long and an accuracy at least as high,
  one of them better, in the values measured.
- It is only *narrowly* on it when another there is better in one of the two, and clearly, while its own lead in the
  other is not clear. `Clearly` means `faster` or `slower` in the paired measurement of the two, and for the accuracy on
  the same test examples a 95 % interval of the difference that lies on one side of zero. Each pair is judged on its
  own.
- A variant off the frontier is *close behind* when none of those that beat it is clearly better in either; else it is
  *behind*.

Left out are variants that are wrong on purpose, that have no latency or accuracy, and whose original did not learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.compare.answers import Interval, Latency, Place, Standing, Variant


@dataclass(frozen=True)
class Point:
    """A variant at one batch size."""

    key: str
    accuracy: float
    latency: Latency


Ranks = npt.NDArray[np.intp]

# How two points differ in one thing: +1 when the first is clearly better, -1 when clearly worse, 0 when unclear.
Judge = Callable[[Point, Point], int]


@dataclass(frozen=True)
class Evidence:
    """How two points differ in both things."""

    speed: Judge
    accuracy: Judge


def eligible(variant: Variant, batch: int) -> bool:
    """Whether a variant can stand on a frontier at all."""
    return not (
        variant.control or variant.accuracy is None or variant.learned is False or batch not in variant.latencies
    )


def point_of(variant: Variant, batch: int) -> Point:
    """An eligible variant as a point."""
    assert variant.accuracy is not None
    return Point(variant.key, variant.accuracy.value, variant.latencies[batch])


def places(points: Sequence[Point], evidence: Evidence) -> dict[str, Place]:
    """Each point's standing among all of them, by key."""
    crowd = Crowd(sorted(points, key=lambda point: (-point.accuracy, point.latency.typical_us)))
    return {point.key: _place(point, crowd, evidence) for point in points}


class Crowd:
    """All points of a frontier, the best first: the most accurate, and of those that are alike in that the fastest."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = points
        self.accuracies = np.array([point.accuracy for point in points])
        self.latencies = np.array([point.latency.typical_us for point in points])
        self.unbeaten = np.array([not self.beating(point).size for point in points], dtype=bool)

    def beating(self, point: Point) -> Ranks:
        """The ranks of those that are at least as good in both values, and better in one."""
        more, faster = self.accuracies > point.accuracy, self.latencies < point.latency.typical_us
        as_good = (self.accuracies >= point.accuracy) & (self.latencies <= point.latency.typical_us)
        return np.flatnonzero(as_good & (more | faster))

    def beside(self, point: Point) -> Ranks:
        """The ranks of those that nothing beats either, and that are better in one value."""
        better = (self.accuracies > point.accuracy) | (self.latencies < point.latency.typical_us)
        return np.flatnonzero(self.unbeaten & better)

    def at(self, ranks: Ranks) -> Iterator[Point]:
        """The points there, in turn."""
        return (self.points[rank] for rank in ranks)


def _place(point: Point, crowd: Crowd, evidence: Evidence) -> Place:
    """Its rival is the best of those that make it less than `on`: the best are asked first, and the rest not at all."""
    ranks = crowd.beating(point)
    if not len(ranks):
        others = crowd.at(crowd.beside(point))
        rival = next((other for other in others if _outclasses(other, point, evidence)), None)
        return Place(standing=Standing.NARROWLY if rival else Standing.ON, rival=rival.key if rival else None)
    better = crowd.at(ranks)
    clear = (each for each in better if evidence.accuracy(each, point) > 0 or evidence.speed(each, point) > 0)
    rival = next(clear, None)
    return Place(standing=Standing.BEHIND if rival else Standing.CLOSE, rival=(rival or crowd.points[ranks[0]]).key)


def _outclasses(ours: Point, theirs: Point, evidence: Evidence) -> bool:
    """Whether ours is clearly better in one, and theirs clearly better in neither."""
    accuracy = evidence.accuracy(ours, theirs)
    if accuracy < 0:
        return False
    speed = evidence.speed(ours, theirs)
    return speed >= 0 and max(accuracy, speed) > 0


def sign(difference: Interval) -> int:
    """+1 or -1 when the whole interval lies on one side of zero."""
    return int(difference.clearly_above) - int(difference.clearly_below)
