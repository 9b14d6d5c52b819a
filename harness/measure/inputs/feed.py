"""What all models of a measurement are fed: invented where it can be, else what was given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.base.errors import MeasureError
from harness.measure.inputs.declared import FEEDABLE, Shape
from harness.measure.inputs.given import Array, Given
from harness.measure.inputs.wanted import Takers, Wanted, line_up, suggestion, suggestions

Description = dict[str, Any]


@dataclass(frozen=True)
class Feed:
    """What is fed to one input: the shape, with None for the batch, and the array, None where it is invented."""

    shape: Shape
    dtype: str
    array: Array | None = None

    @property
    def axis(self) -> int | None:
        """The axis of the batch; None where there is none."""
        return self.shape.index(None) if None in self.shape else None


def describe_inputs(models: Takers, given: Given | None = None, folder: Path | None = None) -> list[Description]:
    """What all models are fed, for the worker: `{"shape", "dtype"}` an input, with None in the shape for the batch.

    Given arrays are written into `folder`, and their descriptions add `{"file", "key", "sha256"}`. The models have
    their inputs in one order.

    Raises:
        MeasureError: the models' inputs differ, one can't be invented, or what was given does not fit.
    """
    given = given or Given()
    wanted = line_up(models, given)
    _check_names(models, wanted, given)
    _check_known(wanted, given)
    feeds = _with_batches(wanted, [_feed(one, given) for one in wanted])
    return _written(feeds, folder)


def _check_names(models: Takers, wanted: Sequence[Wanted], given: Given) -> None:
    path, inputs = models[0]
    for one in wanted:
        if given.arrays and not one.is_given(given):
            raise MeasureError(f"{path}: no array was given for input {one.first}")
    names = {one.name for _, theirs in models for one in theirs}
    for name in given.names:
        if name not in names:
            raise MeasureError(f"{path}: has no input '{name}'; its inputs are {', '.join(map(str, inputs))}")


def _check_known(wanted: Sequence[Wanted], given: Given) -> None:
    """That each input can be invented, or was given."""
    for one in wanted:
        path, first = one.each[0]
        if first.dtype not in FEEDABLE:
            raise MeasureError(
                f"{path}: input {first} has a type that can't be fed; export the model with a float32 input"
            )
    needed = [one for one in wanted if not one.is_given(given) and not one.can_be_invented]
    if needed:
        names = ", ".join(str(one.first) for one in needed)
        raise MeasureError(
            f"{needed[0].each[0][0]}: {'inputs' if needed[1:] else 'input'} {names} can't be invented; give "
            f"{suggestions(needed, wanted)} with the true sizes and values, or arrays with --inputs FILE.npz "
            "(measure.inputs and measure.input_data in a study)"
        )


def _feed(one: Wanted, given: Given) -> Feed:
    layout, value, array = (one.among(each) for each in (given.layouts, given.values, given.arrays))
    shape, dtype = one.shape, one.first.dtype
    if layout is not None:
        shape = one.without_batch(layout.shape)
        for path, wanted in one.each:
            if layout.dtype not in one.dtypes or not wanted.takes(shape):
                raise MeasureError(f"{path}: --input for '{layout.name}' does not fit the model's {wanted}")
    if array is not None and array.ndim and not one.shapes and layout is None:
        one = replace(one, axis=0)  # no shape in the file: the batch is the first axis, as for any given array
    if value is not None:
        array = _filled(one, shape, value)
    if array is None:
        return Feed(shape or (), dtype)
    _check_array(one, array, None if layout is None else shape)
    return Feed(one.without_batch(array.shape), dtype, array)


def _filled(one: Wanted, shape: Shape | None, value: Any) -> Array:
    """The array that a value stands for: itself if it is a list, else as many of it as the input has.

    Raises:
        MeasureError: it is no value of the input's type, or there is no telling how many of it.
    """
    path, first = one.each[0]
    array = as_type(value, first.dtype)
    if array is None:
        raise MeasureError(f"{path}: --input {first.name}={value} is no {first.dtype}, which the model's {first} wants")
    if array.ndim:
        return array
    if shape is None or any(size is None and axis != one.axis for axis, size in enumerate(shape)):
        raise MeasureError(
            f"{path}: --input {first.name}={value} does not say how many; give the shape too, such as --input "
            f"{suggestion(one, True)}"
        )
    return np.full([1 if size is None else size for size in shape], array)


def as_type(value: Any, dtype: str) -> Array | None:
    """A value as an array of a type; None where that would change it."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists of unequal lengths
        return None
    if dtype == "string":
        return array.astype(str)
    if array.dtype.kind not in "biuf":
        return None
    with np.errstate(all="ignore"):
        cast = array.astype(dtype)
    if cast.dtype.kind == "f":
        return cast if np.array_equal(np.isfinite(cast), np.isfinite(array)) else None
    return cast if np.array_equal(cast, array) else None


def _check_array(one: Wanted, array: Array, layout: Shape | None) -> None:
    shape, kind = one.without_batch(array.shape), "string" if array.dtype.kind in "UO" else str(array.dtype)
    empty = one.axis is not None and 0 in array.shape[one.axis : one.axis + 1]
    for path, wanted in one.each:
        if kind not in one.dtypes or empty or not wanted.takes(shape) or layout not in (None, shape):
            numpys = "str" if wanted.dtype == "string" else wanted.dtype
            cure = (
                "give one of the model's shape" if kind == wanted.dtype else f"convert it by array.astype('{numpys}')"
            )
            raise MeasureError(f"{path}: the array for {wanted} has shape {array.shape} and type {kind}; {cure}")
        if kind != wanted.dtype and not _fits(array, wanted.dtype):
            raise MeasureError(
                f"{path}: the array for {wanted} holds numbers that {wanted.dtype} can't; give smaller ones, or a "
                f"model that takes {kind}"
            )


def _fits(array: Array, dtype: str) -> bool:
    """Whether no finite number becomes infinite in another type."""
    with np.errstate(over="ignore"):
        return bool(np.array_equal(np.isfinite(array.astype(dtype)), np.isfinite(array)))


def _with_batches(wanted: Sequence[Wanted], feeds: Sequence[Feed]) -> list[Feed]:
    """The same, with the batch also where no file names it, but the lengths of the arrays tell.

    Raises:
        MeasureError: the arrays hold different numbers of examples.
    """
    lengths = {feed.array.shape[feed.axis] for feed in feeds if feed.array is not None and feed.axis is not None} - {1}
    if len(lengths) > 1:
        counts = " and ".join(map(str, sorted(lengths)))
        raise MeasureError(f"the arrays that were given hold {counts} examples; give as many for each input, or one")
    batched = any(feed.axis is not None for feed in feeds)
    return [
        _with_batch(one, feed, lengths | {1}) if batched and feed.axis is None else feed
        for one, feed in zip(wanted, feeds, strict=True)
    ]


def _with_batch(one: Wanted, feed: Feed, lengths: set[int]) -> Feed:
    """The batch on the only axis that varies, where an array is as long there as the others' batch."""
    if feed.array is None or one.shape is None or one.shape.count(None) != 1:
        return feed
    axis = one.shape.index(None)
    if feed.array.shape[axis] not in lengths:
        return feed
    return Feed((*feed.shape[:axis], None, *feed.shape[axis + 1 :]), feed.dtype, feed.array)


def _written(feeds: Sequence[Feed], folder: Path | None) -> list[Description]:
    """The descriptions, and the arrays in a file that the worker reads."""
    descriptions: list[Description] = [{"shape": list(feed.shape), "dtype": feed.dtype} for feed in feeds]
    arrays = {str(number): _plain(feed.array) for number, feed in enumerate(feeds) if feed.array is not None}
    if not arrays:
        return descriptions
    if folder is None:
        raise AssertionError("given arrays need a folder")
    file = folder / "inputs.npz"
    np.savez(file, allow_pickle=False, **arrays)
    for key, array in arrays.items():
        descriptions[int(key)] |= {"file": str(file), "key": key, "sha256": _digest(array)}
    return descriptions


def _plain(array: Array) -> Array:
    """The array as it can be stored without pickle: texts in NumPy's own type."""
    return array.astype(str) if array.dtype.kind == "O" else array


def _digest(array: Array) -> str:
    """Identifies an array: its type, shape and values."""
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()
