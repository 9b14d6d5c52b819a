"""A bundle's test vectors, in ONNX's own layout: `test_data_set_0/input_0.pb`, `output_0.pb`, and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError
from harness.measure.files.model_file import ModelFile, read_model

MODEL = "model.onnx"
TYPES = (
    "float32", "float64", "float16", "int8", "uint8", "bool", "int16", "uint16", "int32", "uint32", "int64", "uint64",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Vectors:
    """One set: the arrays of a model's inputs, and those of its outputs, each in the model's order."""

    name: str
    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model and its test vectors, at least one set."""

    file: ModelFile
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    sets: tuple[Vectors, ...]


def read_bundle(folder: Path) -> Bundle:
    """Read `folder`.

    Raises:
        MeasureError: it holds no model or no test vectors, or they are damaged or don't fit the model.
    """
    if not folder.is_dir():
        raise MeasureError(f"{folder}: no such folder; give one that `harness bundle` wrote")
    file = read_model(folder / MODEL)
    inputs = tuple(one.name for one in file.inputs)
    outputs = tuple(value.name for value in file.proto.graph.output)
    folders = sorted(folder.glob("test_data_set_*"), key=lambda path: (len(path.name), path.name))
    if not folders:
        raise MeasureError(f"{folder}: has no test_data_set_0; give a folder that `harness bundle` wrote")
    sets = tuple(
        Vectors(each.name, _arrays(each, "input", len(inputs)), _arrays(each, "output", len(outputs)))
        for each in folders
    )
    return Bundle(file, inputs, outputs, sets)


def _arrays(folder: Path, kind: str, count: int) -> tuple[NDArray[Any], ...]:
    found = sorted(folder.glob(f"{kind}_*.pb"))
    if len(found) != count:
        raise MeasureError(
            f"{folder}: has {len(found)} {kind}_*.pb, and the model has {count} {kind}s; bundle it again"
        )
    return tuple(_array(folder / f"{kind}_{index}.pb") for index in range(count))


def _array(path: Path) -> NDArray[Any]:
    """A TensorProto's values, little-endian in memory.

    Data outside of it is not followed: a test vector is one file.
    """
    import onnx
    from onnx import numpy_helper

    try:
        proto = onnx.TensorProto.FromString(path.read_bytes())
        if proto.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError("its data is elsewhere")
        array = numpy_helper.to_array(proto)
    except Exception as error:  # protobuf and onnx raise several kinds
        reason = error.strerror if isinstance(error, OSError) else "not a whole ONNX tensor"
        raise MeasureError(f"{path}: can't be read ({reason}); bundle it again") from None
    if str(array.dtype) not in TYPES:
        raise MeasureError(f"{path}: holds {array.dtype}, which other runtimes can't be fed here; use numbers")
    return np.ascontiguousarray(array)


def written(sets: Sequence[Vectors], names: Sequence[str], folder: Path) -> list[list[dict[str, Any]]]:
    """Write each set's inputs as raw files into `folder`; gives their names, types, sizes and files, as JSON values."""
    told = []
    for number, each in enumerate(sets):
        inputs = []
        for index, (name, array) in enumerate(zip(names, each.inputs, strict=True)):
            path = folder / f"{number}-{index}.raw"
            path.write_bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())
            inputs.append({"name": name, "type": str(array.dtype), "dims": list(array.shape), "file": str(path)})
        told.append(inputs)
    return told
