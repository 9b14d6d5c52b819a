"""Examples as an ONNX file takes them: arrays by input name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import DataError, MeasureError, PruneError
from harness.measure.inputs.declared import INVENTED, ModelInput, batch_axes
from harness.measure.inputs.examples import fitted, open_input
from harness.measure.inputs.given import read_arrays, read_sets
from harness.prune.onnx.graph.graph import Graph

Array = npt.NDArray[Any]
Data = Mapping[str, Array]
JUDGING = 5  # every fifth example


def by_input(graph: Graph, data: Data | Array | None) -> Data | None:
    """Examples by input name; of a single input the array alone will do.

    Raises:
        PruneError: there are others than the model has inputs, or they have another size, or are no numbers.
    """
    if data is None:
        return None
    names = [one.name for one in graph.inputs]
    if isinstance(data, Mapping):
        unknown = [name for name in data if name not in names]
        missing = [name for name in names if name not in data]
        if unknown or missing:
            raise PruneError(f"data: there is no input '{(unknown + missing)[0]}' in both; give {', '.join(names)}")
        return {name: _numbers(name, array) for name, array in data.items()}
    if len(names) != 1:
        raise PruneError(f"data: the model has {len(names)} inputs; give arrays by name for {', '.join(names)}")
    return {names[0]: _as_taken(graph.inputs[0], _numbers(names[0], data), graph.feeds[0][names[0]])}


def _numbers(name: str, data: Any) -> Array:
    """Examples as an array, which must hold one at least, of real numbers."""
    array = np.asarray(data)
    if array.dtype.kind not in "biuf" or not array.ndim or not len(array):
        shape = "x".join(map(str, array.shape)) or "one value"
        raise PruneError(
            f"data: '{name}' is {shape}:{array.dtype}; give numbers, (N, ...) for N examples, at least one"
        )
    return array


def _as_taken(one: ModelInput, images: Array, fed: Array) -> Array:
    """Images (N, H, W, C) as (N, C, H, W) where the model takes them so, in its type; `fed` is what it was run on.

    Raises:
        PruneError: they have another size than the model takes, or would lose what is in their numbers.
    """
    taken, kind = fed.shape, fed.dtype
    if one.shape is not None:
        try:
            return np.ascontiguousarray(fitted("data", one, images)[0], kind)
        except DataError as error:
            raise PruneError(str(error)) from None
    if images.ndim == 4 == len(taken) and images.shape[-1] == taken[1] != images.shape[1]:
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != len(taken):
        raise PruneError(f"data: an example has the shape {images.shape[1:]}, and the model takes {taken[1:]}")
    return np.ascontiguousarray(images, kind)


def sizes_of(path: Path, inputs: Sequence[ModelInput], data: Data | Array | None) -> tuple[str, ...]:
    """What says the sizes of inputs that leave them open, `name:NxCxHxW:float32`: those of the examples.

    Raises:
        DataError: images don't fit the only input.
    """
    if data is None:
        return ()
    wanted = [one for one in inputs if one.shape and one.dtype in INVENTED and None in one.shape[1:]]
    if isinstance(data, Mapping):
        told = [open_input(one, np.shape(data[one.name])[1:]) for one in wanted if one.name in data]
        return tuple(text for each in told for text in each)
    if len(inputs) != 1 or not wanted:
        return ()
    laid, _ = fitted(str(path), wanted[0], np.asarray(data)[:1])
    return open_input(wanted[0], laid.shape[1:])


def read_examples(name: str, inputs: Sequence[ModelInput]) -> Data | None:
    """The arrays, (N, ...), that `pb:DIR` or `npz:FILE` holds for a file's inputs; None where it names a dataset.

    `DIR` has ONNX test data, as sets of which each is an example or several; `FILE` arrays by input name.

    Raises:
        MeasureError: there is nothing to read there, or it can't be read.
        PruneError: they are not what the inputs take.
    """
    kind, _, where = name.partition(":")
    path, names = Path(where).expanduser(), [one.name for one in inputs]
    if kind == "pb" and where:
        if not path.is_dir():
            raise MeasureError(f"{name}: no such folder; give one that holds test_data_set_0 with input_0.pb")
        return _fitting(name, _joined(name, read_sets(path, names)), inputs)
    if kind != "npz" or not path.is_file():
        return None
    arrays = read_arrays(path, names)
    return _fitting(name, arrays, inputs) if set(names) & arrays.keys() else None


def _joined(name: str, sets: Sequence[Data]) -> Data:
    """Sets one after the other."""
    for array in sets[0].values():
        if not array.ndim:
            raise PruneError(f"--data {name}: holds one number for all examples, not one for each; leave --data out")
    try:
        return {key: np.concatenate([each[key] for each in sets]) for key in sets[0]}
    except (KeyError, ValueError):
        raise PruneError(f"--data {name}: the sets differ in their inputs or sizes; give sets of one size") from None


def _fitting(name: str, arrays: Data, inputs: Sequence[ModelInput]) -> Data:
    """The arrays of all inputs, in their types, as many examples of each."""
    found = {}
    for one, axis in zip(inputs, batch_axes(inputs), strict=True):
        if one.shape == () or axis not in (0, None):
            raise PruneError(
                f"--data {name}: input {one} does not hold one example after the other along its first axis, so it "
                "can't be given any; leave --data out"
            )
        if one.name not in arrays:
            raise PruneError(f"--data {name}: has no array for input {one}; give one for each input")
        array, wanted = arrays[one.name], np.dtype(one.dtype if one.dtype != "string" else "U")
        if array.ndim == 0 or array.dtype.kind != wanted.kind or not one.takes((None, *array.shape[1:])):
            shape = "x".join(map(str, array.shape)) or "one number"
            raise PruneError(f"--data {name}: '{one.name}' is {shape}:{array.dtype}, and the model takes {one}")
        found[one.name] = array.astype(wanted, copy=False)
    counts = sorted({len(array) for array in found.values()})
    if len(counts) > 1 or not counts[0]:
        raise PruneError(f"--data {name}: {counts} examples of the inputs; give as many of each, at least one")
    return found


def split(data: Data) -> tuple[Data, Data | None]:
    """Examples to choose and solve by, and every fifth to judge by; of fewer than five none is for judging."""
    count = len(next(iter(data.values())))
    judged = np.arange(count) % JUDGING == JUDGING - 1
    if not judged.any():
        return data, None
    first, others = ({name: array[part] for name, array in data.items()} for part in (~judged, judged))
    return first, others


def drawn(data: Data, most: int, seed: int) -> Data:
    """At most so many of the examples, drawn by the seed, in their order; inputs with fewer of them are given whole."""
    count = max(len(array) for array in data.values())
    chosen = np.sort(np.random.default_rng(seed).permutation(count)[:most])
    return {name: array[chosen] if len(array) == count else array for name, array in data.items()}
