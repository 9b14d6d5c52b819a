"""Names beside points: each where it covers neither a point nor another name, or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.report.charts.points import Point

NEAR = 22  # pixels up or down within which a name is seen to belong to its point; beyond, a line leads to it
LETTER, LINE = 6.6, 15.0  # a letter's width and a line's height, in pixels
Align = Literal["left", "right", "center"]
Box = tuple[float, float, float, float]
# Where a name may stand: its alignment, and how far from its point.
PLACES: tuple[tuple[Align, float, float], ...] = (
    ("left", 10, -10),
    ("left", 10, 12),
    ("right", -10, -10),
    ("right", -10, 12),
    ("center", 0, -20),
    ("center", 0, 22),
    ("left", 12, -26),
    ("left", 12, 28),
    ("right", -12, -26),
    ("right", -12, 28),
    ("right", -12, 44),
    ("left", 12, 44),
    ("right", -12, 60),
)


@dataclass(frozen=True)
class Label:
    """A point's name, `dx` and `dy` pixels from the point."""

    point: Point
    align: Align
    dx: float
    dy: float

    def leader(self, shown: tuple[float, float, float, float], size: tuple[float, float]) -> tuple[float, float] | None:
        """Where a line from the point to a name that stands apart ends, as a latency and an accuracy; None for none."""
        if abs(self.dy) <= NEAR:
            return None
        low, high, bottom, top = shown
        x, y = _spot(self.point, shown, size)
        x, y = x + 0.7 * self.dx, y + self.dy - math.copysign(LINE / 2, self.dy)
        return low * (high / low) ** (x / size[0]), top - (top - bottom) * y / size[1]


def placed(
    wanted: Sequence[Point],
    points: Sequence[Point],
    shown: tuple[float, float, float, float],
    size: tuple[float, float],
    words: Sequence[Box] = (),
) -> list[Label]:
    """The names that there is room for, the first ones first.

    `shown` are the lowest and highest latency and the lowest and highest accuracy; `size` is the plot's, in pixels, and
    `words` what stands in it already.
    What has a role gets a name even where that covers points, and at worst where it covers another name.
    """
    spots = [_spot(point, shown, size) for point in points]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in spots]
    named: list[Box] = list(words)
    found: list[Label] = []
    for point in wanted:
        free = [pair for pair in _tries(point, _spot(point, shown, size)) if _inside(pair[1], size)]
        apart = [pair for pair in free if not any(_touch(pair[1], other) for other in named)]
        clear = [pair for pair in apart if not any(_touch(pair[1], other) for other in taken)]
        usable = clear or ((apart or free) if point.role else [])
        if usable:
            label, box = usable[0]
            named.append(box)
            found.append(label)
    return found


def words_at(text: str, accuracy: float, shown: tuple[float, float, float, float], size: tuple[float, float]) -> Box:
    """Where words stand that begin at the left end of a line at an accuracy, and hang below it."""
    _, _, bottom, top = shown
    below = size[1] * (top - accuracy) / (top - bottom) + 9
    return 0.0, below - LINE / 2, 8 + 0.85 * LETTER * len(text), below + LINE / 2


def _spot(point: Point, shown: tuple[float, float, float, float], size: tuple[float, float]) -> tuple[float, float]:
    low, high, bottom, top = shown
    along = math.log(point.latency / low) / math.log(high / low)
    return size[0] * along, size[1] * (top - point.accuracy) / (top - bottom)


def _tries(point: Point, spot: tuple[float, float]) -> Iterator[tuple[Label, Box]]:
    width = LETTER * len(point.label) * (1.1 if point.role else 0.92)
    for align, dx, dy in PLACES:
        x, y = spot[0] + dx, spot[1] + dy
        left = {"left": x, "right": x - width, "center": x - width / 2}[align]
        yield Label(point, align, dx, dy), (left, y - LINE / 2, left + width, y + LINE / 2)


def _inside(box: Box, size: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[2] <= size[0] and box[1] >= 0 and box[3] <= size[1]


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
