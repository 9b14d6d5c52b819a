"""The least sum of tables over choices, exactly: one choice after another is eliminated, then all are read back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.channels.errors import ChannelError

Array = npt.NDArray[np.float64]
LARGEST = 20_000_000  # entries of a table between


@dataclass(frozen=True)
class Factor:
    """A part of the sum: a table with an axis for each of its variables, which are in increasing order."""

    variables: tuple[int, ...]
    table: Array


def best(sizes: Sequence[int], factors: Sequence[Factor]) -> tuple[tuple[int, ...], float]:
    """The choice for each variable, of so many (`sizes`), that makes the sum least, and that sum.

    Raises:
        ChannelError: too many variables meet in one place.
    """
    left = list(factors)
    order: list[tuple[int, tuple[int, ...], Array]] = []
    remaining = set(range(len(sizes)))
    total = 0.0
    while remaining:
        variable = min(remaining, key=lambda each: (_size(each, left, sizes), each))
        if _size(variable, left, sizes) > LARGEST:
            raise ChannelError("too many groups of channels meet in one layer")
        mine = [factor for factor in left if variable in factor.variables]
        left = [factor for factor in left if variable not in factor.variables]
        others = tuple(sorted({each for factor in mine for each in factor.variables} - {variable}))
        joined = sum((_spread(factor, (*others, variable)) for factor in mine), np.zeros(1))
        joined = np.broadcast_to(joined, (*(sizes[each] for each in others), sizes[variable]))
        order.append((variable, others, joined.argmin(axis=-1)))
        least = joined.min(axis=-1)
        if others:
            left.append(Factor(others, least))
        else:
            total += float(least)
        remaining.remove(variable)
    choice: dict[int, int] = {}
    for variable, others, places in reversed(order):
        choice[variable] = int(places[tuple(choice[each] for each in others)])
    return tuple(choice[each] for each in range(len(sizes))), total


def _size(variable: int, factors: Sequence[Factor], sizes: Sequence[int]) -> int:
    """Entries of the table in which a variable's factors are joined."""
    met = {variable, *(each for factor in factors if variable in factor.variables for each in factor.variables)}
    return math.prod(sizes[each] for each in met)


def _spread(factor: Factor, variables: tuple[int, ...]) -> Array:
    """A factor's table with axes in the order of more variables, of length 1 where it doesn't depend on them."""
    order = [factor.variables.index(each) for each in variables if each in factor.variables]
    table = factor.table.transpose(order)
    lengths = iter(table.shape)
    return table.reshape([next(lengths) if each in factor.variables else 1 for each in variables])
