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

from harness.compare.answers import Latency, Place, Standing, Variant

BLOCK = 256  # points that are looked at together, each beside all others
WINDOW = 64  # others that each of them is judged beside together


@dataclass(frozen=True)
class Point:
    """A variant at one batch size."""

    key: str
    accuracy: float
    latency: Latency


Numbers = npt.NDArray[np.intp]
Signs = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

# How points, by their numbers, differ in one thing from others, pair by pair, all (N,): +1 where the first is clearly
# better, -1 where it is clearly worse, 0 where that is unclear.
Judge = Callable[[Numbers, Numbers], Signs]


@dataclass(frozen=True)
class Evidence:
    """How points differ in both things."""

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
    """Each point's standing among all of them, by key; the evidence is of their numbers in this order."""
    crowd = Crowd(points)
    found: dict[str, Place] = {}
    unbeaten: list[Numbers] = []
    for block in blocks(crowd.order):
        beating = crowd.beating(block)
        beaten = beating.any(axis=1)
        unbeaten.append(block[~beaten])
        ours, beating = block[beaten], beating[beaten]
        best = crowd.order[beating.argmax(axis=1)]
        rivals = _first(ours, crowd.order, beating, lambda other, own: clear(other, own, evidence))
        for own, rival, first in zip(ours, rivals, best, strict=True):
            standing = Standing.BEHIND if rival >= 0 else Standing.CLOSE
            found[points[own].key] = Place(standing=standing, rival=points[rival if rival >= 0 else first].key)
    front = np.concatenate(unbeaten) if unbeaten else crowd.order
    for ours in blocks(front):
        beside = crowd.better(ours, front)
        rivals = _first(ours, front, beside, lambda other, own: outclasses(other, own, evidence))
        for own, rival in zip(ours, rivals, strict=True):
            standing = Standing.NARROWLY if rival >= 0 else Standing.ON
            found[points[own].key] = Place(standing=standing, rival=points[rival].key if rival >= 0 else None)
    return found


def clear(ours: Numbers, theirs: Numbers, evidence: Evidence) -> Bools:
    """In which pairs ours is clearly better in something."""
    found = evidence.accuracy(ours, theirs) > 0
    left = np.flatnonzero(~found)
    found[left] = evidence.speed(ours[left], theirs[left]) > 0
    return found


def outclasses(ours: Numbers, theirs: Numbers, evidence: Evidence) -> Bools:
    """In which pairs ours is clearly better in one, and theirs clearly better in neither."""
    accuracy = evidence.accuracy(ours, theirs)
    found = accuracy >= 0
    left = np.flatnonzero(found)
    speed = evidence.speed(ours[left], theirs[left])
    found[left] = (speed >= 0) & (np.maximum(accuracy[left], speed) > 0)
    return found


class Crowd:
    """The numbers of all points, `order` the best first: the most accurate, of those alike in that the fastest."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.accuracies = np.array([point.accuracy for point in points])
        self.latencies = np.array([point.latency.typical_us for point in points])
        self.order: Numbers = np.lexsort((self.latencies, -self.accuracies))

    def better(self, ours: Numbers, others: Numbers) -> Bools:
        """Which others are better in one of both values than each of ours, (ours, others)."""
        more = self.accuracies[others] > self.accuracies[ours, None]
        more |= self.latencies[others] < self.latencies[ours, None]
        return more

    def beating(self, ours: Numbers) -> Bools:
        """Which of all, in their order, are that and at least as good in the other."""
        found = self.better(ours, self.order)
        found &= self.accuracies[self.order] >= self.accuracies[ours, None]
        found &= self.latencies[self.order] <= self.latencies[ours, None]
        return found


def _first(ours: Numbers, others: Numbers, asked: Bools, holds: Callable[[Numbers, Numbers], Bools]) -> Numbers:
    """For each of ours the first of those others that are asked for of which something holds beside it; -1 where none.

    The first that is asked for is judged before the rest, a window of others after the other: most need no more.
    """
    found = np.full(len(ours), -1)
    rows = np.flatnonzero(asked.any(axis=1))
    best = asked[rows].argmax(axis=1)
    good = holds(others[best], ours[rows])
    found[rows[good]] = others[best[good]]
    rows = rows[~good]
    for start in range(0, len(others), WINDOW):
        at, columns = np.nonzero(asked[rows, start : start + WINDOW])
        if not len(at):
            continue
        good = holds(others[start + columns], ours[rows[at]])
        settled, first = np.unique(at[good], return_index=True)
        found[rows[settled]] = others[start + columns[good][first]]
        rows = np.delete(rows, settled)
    return found


def blocks(numbers: Numbers) -> Iterator[Numbers]:
    """The numbers, a block after the other."""
    return (numbers[start : start + BLOCK] for start in range(0, len(numbers), BLOCK))
