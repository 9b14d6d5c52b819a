"""Inputs that are invented for a graph: of what sizes and of what values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.base.errors import ModelError
from harness.measure.inputs.declared import FEEDABLE, ModelInput, batch_axes
from harness.measure.inputs.feed import as_type
from harness.measure.inputs.given import Given
from harness.prune.onnx.graph.graph import Array, Shape

SIZES = (64, 96, 48, 32, 128, 160, 224, 320, 416, 640, 512, 256, 16, 8, 4, 2, 1)
MOST_FREE = 128**3  # numbers along the axes of an input that vary, beyond which memory might not do
NO_SHAPE = (1, 3, None, None)  # what an input without a shape is taken for


def layouts(inputs: Sequence[ModelInput], given: Given, batch: int) -> Iterator[tuple[Shape, ...]]:
    """Shapes worth trying for the inputs, in turn; an axis of one name has one size, whatever input it is in.

    Args:
        inputs: what the model declares.
        given: what was given with `--input`, which holds.
        batch: the size of a batch that may vary.
    """
    axes = batch_axes(inputs)
    said = {*given.layouts, *given.arrays}
    seen = set()
    for only_last, size in itertools.product((False, True), SIZES):
        shapes = tuple(
            _shape(one, axis, given, batch, None if only_last else size, size)
            for one, axis in zip(inputs, axes, strict=True)
        )
        free = [pair for pair in zip(inputs, shapes, strict=True) if pair[0].name not in said]
        if shapes not in seen and all(_affordable(*pair) for pair in free):
            seen.add(shapes)
            yield shapes


def _affordable(one: ModelInput, shape: Shape) -> bool:
    """Whether the axes that vary, which whoever invents sizes makes long, are no longer than memory allows."""
    declared = one.shape if one.shape is not None and len(one.shape) == len(shape) else NO_SHAPE
    return math.prod(size for size, own in zip(shape, declared, strict=False) if own is None) <= MOST_FREE


def _shape(one: ModelInput, axis: int | None, given: Given, batch: int, size: int | None, last: int) -> Shape:
    """A shape for one input; without a `size` only its last axis may be long, and others are the batch."""
    layout = given.layouts.get(one.name)
    array = given.arrays.get(one.name)
    if array is not None:
        return tuple(array.shape)
    if layout is not None:
        return tuple(batch if each is None else each for each in layout.shape)
    sizes = one.shape if one.shape is not None else NO_SHAPE
    free = (last if place == len(sizes) - 1 else batch if size is None else size for place in range(len(sizes)))
    return tuple(
        each if each is not None else batch if place == axis else other
        for place, (each, other) in enumerate(zip(sizes, free, strict=True))
    )


def invented(
    inputs: Sequence[ModelInput], shapes: Sequence[Shape], given: Given, seed: int, scale: float = 1.0
) -> dict[str, Array]:
    """Inputs of these shapes: normally distributed floats times `scale`, whole numbers 0 and 1, or what was given.

    Raises:
        ModelError: an input holds something that is no number, or more than there is memory for.
    """
    generator = np.random.default_rng(seed)
    try:
        return {
            one.name: _value(one, shape, given, generator, scale) for one, shape in zip(inputs, shapes, strict=True)
        }
    except (MemoryError, OverflowError, ValueError):  # as NumPy says that no array can be so large
        sizes = " and ".join(f"{one.name} of {_of(shape)}" for one, shape in zip(inputs, shapes, strict=True))
        raise ModelError(f"there is no memory for {sizes}; say smaller sizes with --input") from None


def _value(one: ModelInput, shape: Shape, given: Given, generator: np.random.Generator, scale: float) -> Array:
    if one.name in given.arrays:
        return given.arrays[one.name]
    if one.dtype not in FEEDABLE or one.dtype == "string":
        raise ModelError(f"input '{one.name}' holds {one.dtype}; only networks that take numbers can be pruned")
    kind = np.dtype(one.dtype)
    if one.name in given.values:
        return np.broadcast_to(np.asarray(given.values[one.name], kind), shape).copy()
    if kind.kind == "f":
        return generator.normal(0.0, scale, shape).astype(kind)
    return generator.integers(0, 2, shape).astype(kind)


def check_sizes(inputs: Sequence[ModelInput]) -> None:
    """Raise ModelError where an input is declared to hold nothing."""
    for one in inputs:
        if one.shape is not None and 0 in one.shape:
            raise ModelError(f"input {one} holds nothing; export the model with its true sizes, or with open ones")


def as_taken(given: Given, inputs: Sequence[ModelInput]) -> Given:
    """What was given with `--input`, lists as arrays of their inputs' types.

    Raises:
        ModelError: something is for an input that the model does not have, or does not fit it.
    """
    taken = {one.name: one for one in inputs if one.dtype in FEEDABLE}
    unknown = [name for name in given.names if name not in {one.name for one in inputs}]
    if unknown:
        names = ", ".join(sorted(one.name for one in inputs))
        raise ModelError(f"--input {unknown[0]}: there is no such input; the model has {names}")
    for name, layout in given.layouts.items():
        one = taken.get(name)
        if one is not None and (layout.dtype != one.dtype or 0 in layout.shape or not one.takes(layout.shape)):
            raise ModelError(f"--input for '{name}' does not fit {one}; say what it takes: {suggested(inputs)}")
    arrays = {}
    for name, value in given.values.items():
        one = taken.get(name)
        array = None if one is None else as_type(value, one.dtype)
        if one is not None and (array is None or (array.ndim and not (array.size and one.takes(array.shape)))):
            raise ModelError(f"--input {name}={value} does not fit {one}; give one number, or a list of its shape")
        if array is not None and array.ndim:
            arrays[name] = array
    values = {name: value for name, value in given.values.items() if name not in arrays}
    return replace(given, values=values, arrays={**given.arrays, **arrays})


def suggested(inputs: Sequence[ModelInput]) -> str:
    """An option for each input, to be filled in by the user."""
    axes = batch_axes(inputs)
    if any(axis is not None for axis in axes):  # an axis that varies where no batch is seen may well be it
        axes = tuple(_first_open(one) if axis is None else axis for one, axis in zip(inputs, axes, strict=True))
    return " ".join(
        f"--input {one.name}:{_sizes(one, axis)}:{one.dtype}" for one, axis in zip(inputs, axes, strict=True)
    )


def _first_open(one: ModelInput) -> int | None:
    return next((place for place, size in enumerate(one.shape or ()) if size is None), None)


def _sizes(one: ModelInput, batch: int | None) -> str:
    sizes = one.shape if one.shape is not None else NO_SHAPE
    return "x".join(str(each or ("N" if place == batch else 224)) for place, each in enumerate(sizes))


def described(feeds: Mapping[str, Array]) -> str:
    """The shapes of inputs in words, for a message."""
    return " and ".join(f"{name} of {_of(array.shape)}" for name, array in feeds.items())


def _of(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "one number"
