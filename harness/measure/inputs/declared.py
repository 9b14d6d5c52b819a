"""What an ONNX file wants to be fed, and what a user writes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.base.errors import SpecError

FLOATS = ("float16", "float32", "float64")
INVENTED = (*FLOATS, "uint8", "bool")
GIVEN = (*INVENTED, "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
FEEDABLE = (*GIVEN, "string")

Shape = tuple[int | None, ...]


def kind_of(dtype: str) -> str:
    """A type without its precision: `float` for every float, else the type itself."""
    return "float" if dtype in FLOATS else dtype


@dataclass(frozen=True)
class ModelInput:
    """One input of a model. A dimension is None where it varies; the shape is None where the file has none at all.

    `symbols` are the dimensions' names, empty where there is none.
    """

    name: str
    dtype: str
    shape: Shape | None
    symbols: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name}:(no shape):{self.dtype}"
        shape = "x".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name}:{shape}:{self.dtype}"

    def takes(self, shape: Shape) -> bool:
        """Whether a shape fits, None being the batch, which fits anything."""
        if self.shape is None:
            return True
        pairs = zip(shape, self.shape, strict=False)
        return len(shape) == len(self.shape) and all(size is None or own in (None, size) for size, own in pairs)


@dataclass(frozen=True)
class GivenInput:
    """`name:shape:dtype` as a user writes it: `image:Nx28x28x1:float32`, N being the batch."""

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True)
class GivenValue:
    """`name=value` as a user writes it: `sr=16000`. A list is an array, anything else fills its input."""

    name: str
    value: Any


def parse_input(text: str) -> GivenInput | GivenValue:
    """Read `name:shape:dtype` or `name=value`.

    Raises:
        SpecError: it is neither, or has an unknown type.
    """
    match = re.fullmatch(r"(.+):((?:N|\d+)(?:[x,](?:N|\d+))*|):(\w+)", text)
    if match is None or match[2].count("N") > 1:
        name, equals, value = text.partition("=")
        if equals and name:
            return GivenValue(name, _value(value))
        raise SpecError(
            f"--input {text}: not name:shape:dtype; write for example image:Nx28x28x1:float32, N being the batch, or "
            "rate=16000 for a value"
        )
    name, sizes, dtype = match.groups()
    if dtype not in GIVEN:
        raise SpecError(f"--input {text}: type '{dtype}' is unknown; use one of {', '.join(GIVEN)}")
    shape = tuple(None if size == "N" else int(size) for size in re.split("[x,]", sizes) if size)
    return GivenInput(name, dtype, shape)


def _value(text: str) -> Any:
    """A number, a truth value or a list as JSON writes it; else the text itself."""
    try:
        value = json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return text
    return text if value is None else value


def fixed_batch(inputs: Sequence[ModelInput]) -> int | None:
    """The only batch size that a model takes, the first size of its first input that has any; None if all will do."""
    shaped = [one.shape for one in inputs if one.shape]
    return None if not shaped or any(shape[0] is None for shape in shaped) else shaped[0][0]


def check_batches(where: object, inputs: Sequence[ModelInput], asked: Sequence[int]) -> None:
    """Refuse batch sizes that a model can't be run at.

    Raises:
        SpecError: it takes another one, and no other.
    """
    fixed = fixed_batch(inputs)
    if fixed is not None and tuple(asked) != (fixed,):
        raise SpecError(
            f"{where}: takes {fixed} at once and no other number; give --batch {fixed} (measure.batch_sizes = "
            f"[{fixed}] in a study)"
        )


def batch_axes(inputs: Sequence[ModelInput]) -> tuple[int | None, ...]:
    """Where the batch stands in each input of a model, as far as its file tells; None where there is none.

    It is the axis that is called so, `batch` or `batch_size`, wherever it stands. Where none is, it is the first axis
    where that varies, or is as long as the model's fixed batch. An axis of the same name is the batch too: `state` of
    2 x N x 128 beside `audio` of N x samples.
    """
    fixed = fixed_batch(inputs)
    called = {
        symbol for one in inputs for symbol in one.symbols if re.fullmatch(r"batch(_?(size|dim))?", symbol.lower())
    }
    first = {one.symbols[0] for one in inputs if one.shape and one.symbols and one.shape[0] is None} - {""}
    return tuple(_batch_axis(one, fixed, called or first, bool(called)) for one in inputs)


def _batch_axis(one: ModelInput, fixed: int | None, names: set[str], named: bool) -> int | None:
    """Where the batch stands in one input; `named` where it has a name, so that an axis of another name is none."""
    if not one.shape:
        return None
    found = next((axis for axis, symbol in enumerate(one.symbols) if symbol in names), None)
    if found is not None or (named and one.symbols and one.symbols[0]):
        return found
    return 0 if one.shape[0] is None or (one.shape[0] == fixed and not named) else None
