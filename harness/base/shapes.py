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


def channels_first(sizes: Sequence[int]) -> Sizes:
    """The sizes of an image (height, width, channels) with its channels at the front."""
    return (sizes[-1], *sizes[:-1])
