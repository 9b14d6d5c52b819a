"""Whether one example has the shape that a network takes, and the shape it would have there."""

from __future__ import annotations

from collections.abc import Sequence

Sizes = tuple[int, ...]
Wanted = tuple[int | None, ...]  # None stands for any size


def agrees(sizes: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """Whether a shape is as wanted."""
    return len(sizes) == len(wanted) and all(b in (None, a) for a, b in zip(sizes, wanted, strict=True))


def with_ones_of(sizes: Sizes, wanted: Wanted) -> Sizes:
    """The same sizes with axes of length 1 added or left out, as `wanted` has them; unchanged where more differs.

    So (28, 28) becomes (28, 28, 1) for a network of (28, 28, 1), and (10, 4, 1) becomes (10, 4) for one of (None, 4).
    """
    if agrees(sizes, wanted):
        return sizes
    longer = [size for size in sizes if size != 1]
    if not agrees(longer, [size for size in wanted if size != 1]):
        return sizes
    rest = iter(longer)
    return tuple(1 if size == 1 else next(rest) for size in wanted)


def channels_first(stored: Sizes, wanted: Wanted) -> bool:
    """Whether images, stored as (height, width, channels), are wanted with their channels first."""
    turned = (*stored[2:], *stored[:2])
    return len(stored) == 3 and not agrees(stored, wanted) and agrees(turned, wanted)
