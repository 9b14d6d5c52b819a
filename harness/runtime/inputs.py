"""What an ONNX file wants to be fed, and whether that can be invented."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import MeasureError, SpecError

FLOATS = ("float16", "float32", "float64")
INVENTED = (*FLOATS, "uint8", "bool")
GIVEN = (*INVENTED, "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")


@dataclass(frozen=True)
class ModelInput:
    """One input of a model. A dimension is None where it varies."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        shape = "x".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name}:{shape}:{self.dtype}"


@dataclass(frozen=True)
class GivenInput:
    """`name:shape:dtype` as a user writes it: `image:Nx28x28x1:float32`, N being the batch."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


def parse_input(text: str) -> GivenInput:
    """Read `name:shape:dtype`.

    Raises:
        SpecError: it is not of that form, or has an unknown type.
    """
    match = re.fullmatch(r"(.+):((?:N|\d+)(?:[x,]\d+)*|):(\w+)", text)
    if match is None:
        raise SpecError(f"--input {text}: not name:shape:dtype; write for example image:Nx28x28x1:float32")
    name, sizes, dtype = match.groups()
    if dtype not in GIVEN:
        raise SpecError(f"--input {text}: type '{dtype}' is unknown; use one of {', '.join(GIVEN)}")
    shape = tuple(None if size == "N" else int(size) for size in re.split("[x,]", sizes) if size)
    return GivenInput(name, dtype, shape)


def fixed_batch(inputs: Sequence[ModelInput]) -> int | None:
    """The only batch size that a model takes: the first axis of its first input. None where any will do."""
    return inputs[0].shape[0] if inputs and inputs[0].shape else None


def _batched(wanted: ModelInput, fixed: int | None) -> bool:
    """Whether an input's first axis is the batch: it varies, or is as long as the model's fixed batch."""
    return bool(wanted.shape) and wanted.shape[0] in (None, fixed)


def describe_inputs(path: Path, inputs: Sequence[ModelInput], given: Sequence[GivenInput]) -> list[dict[str, Any]]:
    """The inputs as the worker is told them: `{"shape", "dtype", "batched"}`, without the batch axis in the shape.

    Raises:
        MeasureError: an input can't be invented, or what was given does not fit the model.
    """
    by_name = {one.name: one for one in given}
    names = [one.name for one in inputs]
    for name in by_name:
        if name not in names:
            raise MeasureError(f"{path}: has no input '{name}'; its inputs are {', '.join(map(str, inputs))}")
    fixed = fixed_batch(inputs)
    return [_describe(path, one, by_name.get(one.name), _batched(one, fixed)) for one in inputs]


def _describe(path: Path, wanted: ModelInput, given: GivenInput | None, batched: bool) -> dict[str, Any]:
    if given is None:
        unknown = None in wanted.shape[1:]
        if unknown or wanted.dtype not in INVENTED:
            raise MeasureError(f"{path}: input {wanted} can't be invented; give --input {_suggestion(wanted)}")
        shape, dtype = wanted.shape, wanted.dtype
    else:
        if not _fits(given, wanted):
            raise MeasureError(f"{path}: --input for '{given.name}' does not fit the model's {wanted}")
        shape, dtype = given.shape, given.dtype
        batched = batched and shape[0] in (None, wanted.shape[0])
    return {"shape": list(shape[1:] if batched else shape), "dtype": dtype, "batched": batched}


def _suggestion(wanted: ModelInput) -> str:
    """What to write, with a size that varies guessed as 128."""
    sizes = ["N" if axis == 0 and size is None else str(size or 128) for axis, size in enumerate(wanted.shape)]
    dtype = wanted.dtype if wanted.dtype in GIVEN else "float32"
    return f"{wanted.name}:{'x'.join(sizes)}:{dtype}"


def _fits(given: GivenInput, wanted: ModelInput) -> bool:
    """Whether the types are equal, and the sizes where the model fixes them; N fits any batch."""
    if len(given.shape) != len(wanted.shape) or given.dtype != wanted.dtype:
        return False
    pairs = enumerate(zip(given.shape, wanted.shape, strict=True))
    return all(own in (None, size) or (axis == 0 and size is None) for axis, (size, own) in pairs)


def describe_arrays(path: Path, inputs: Sequence[ModelInput], file: Path) -> list[dict[str, Any]]:
    """The worker's description of given examples, stored in `file` (.npz) under the inputs' names.

    Raises:
        MeasureError: an array is missing, or has another type or shape than the model wants.
    """
    descriptions = []
    fixed = fixed_batch(inputs)
    with np.load(file) as data:
        for wanted in inputs:
            if wanted.name not in data:
                raise MeasureError(f"{path}: no array was given for input {wanted}")
            array, batched = data[wanted.name], _batched(wanted, fixed)
            shape = array.shape[1:] if batched else array.shape
            given = GivenInput(wanted.name, str(array.dtype), (None, *shape) if batched else shape)
            if not _fits(given, wanted) or (batched and len(array) == 0):
                raise MeasureError(f"{path}: the array for {wanted} has shape {array.shape} and type {array.dtype}")
            description = {"file": str(file), "key": wanted.name, "batched": batched}
            descriptions.append(description | {"shape": list(shape), "dtype": str(array.dtype)})
    return descriptions
