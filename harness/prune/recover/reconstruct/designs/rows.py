"""Positions at which a layer's equations are written down, and what tensors hold there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.channels.names import Names
from harness.channels.removal import Removal

Array = npt.NDArray[Any]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Positions along some axes of a tensor: for each of them the places, (rows,)."""

    index: tuple[Places, ...]

    @classmethod
    def drawn(cls, shape: Sequence[int], most: int, generator: np.random.Generator) -> Rows:
        """At most so many of all positions in a box of this shape, each once."""
        count = math.prod(shape)
        flat = np.arange(count) if count <= most else generator.choice(count, most, replace=False, shuffle=False)
        return cls(tuple(np.unravel_index(flat, tuple(shape))))

    @classmethod
    def drawn_for(cls, shape: Sequence[int], most: int, *seeds: int) -> Rows:
        """The same positions whenever asked with the same seeds."""
        return cls.drawn(shape, most, np.random.default_rng(seeds))

    def __len__(self) -> int:
        return len(self.index[0])

    def of(self, values: Array, axes: Sequence[int], kept: Mapping[int, Places] | None = None) -> Array:
        """What stands at these positions along `axes`: (rows, the other axes in their order).

        `kept` are the places that count along an axis, where not all do: those of the original that were not removed.
        """
        left = kept or {}
        index = tuple(left[axis][at] if axis in left else at for axis, at in zip(axes, self.index, strict=True))
        found = np.moveaxis(values, axes, range(len(axes)))[index]
        others = [axis for axis in range(values.ndim) if axis not in axes]
        for place, axis in enumerate(others, start=1):
            if axis in left:
                found = found.take(left[axis], axis=place)
        return found


def places_left(removal: Removal, names: Names) -> dict[int, Places]:
    """By axis, the places of a tensor of the original that the cut network has, where it has not all."""
    mask = removal.mask(names)
    found: dict[int, Places] = {}
    if mask is None:
        return found
    for axis in range(mask.ndim):
        alive = np.atleast_1d(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        if len(alive) > 1 and not alive.all():
            found[axis] = np.flatnonzero(alive)
    return found


def positions(shape: Sequence[int], axes: Sequence[int], kept: Mapping[int, Places] | None = None) -> list[int]:
    """The shape of the box of positions along some axes of a tensor, of which only `kept` places count."""
    left = kept or {}
    return [len(left[axis]) if axis in left else shape[axis] for axis in axes]


def left_of(values: Array, kept: Mapping[int, Places]) -> Array:
    """What the cut network has of a tensor of the original."""
    for axis, places in kept.items():
        values = values.take(places, axis=axis)
    return values
