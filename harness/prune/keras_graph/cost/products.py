"""Sizes and products of shapes in which a size may be unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.prune.keras_graph.graph import Shape


def product(sizes: Iterable[int | None]) -> int | None:
    """The product; None where a size is unknown."""
    sizes = tuple(sizes)
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def einsum_product(equation: str, shapes: list[Shape]) -> int | None:
    """The product of all letters' sizes: those of the output, and those that are added up."""
    sizes: dict[str, int | None] = {}
    operands = equation.replace(" ", "").partition("->")[0].split(",")
    for operand, shape in zip(operands, shapes, strict=True):
        left, _, right = operand.partition("...")
        elided = map(str, reversed(range(len(shape) - len(left) - len(right))))
        for letter, size in zip([*left, *elided, *right], shape, strict=True):
            known = sizes.get(letter, 1)
            sizes[letter] = None if size is None or known is None else max(size, known)
    return product(sizes.values())
