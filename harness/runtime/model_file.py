"""What an ONNX file is: its bytes, inputs, parameters and external data. Reads the file; runs nothing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import MeasureError
from harness.runtime.inputs import ModelInput

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file that was read and checked.

    `external` are the files of its external data; `proto` holds its graph without that data.
    """

    path: Path
    sha256: str
    size_bytes: int
    parameters: int
    opset: int
    inputs: tuple[ModelInput, ...]
    external: tuple[Path, ...]
    proto: onnx.ModelProto

    def takes_the_same_inputs_as(self, other: ModelFile) -> bool:
        """Whether both can be fed the same arrays, in order; names, and a batch fixed in one only, may differ."""
        return [_fed(one) for one in self.inputs] == [_fed(one) for one in other.inputs]


def read_model(path: Path) -> ModelFile:
    """Read an ONNX file and what it says about itself; sizes and hash include its external data.

    Raises:
        MeasureError: no such file, not ONNX, or external data that is missing or outside the model's folder.
    """
    import onnx

    try:
        proto = onnx.load_model(path, load_external_data=False)
    except OSError as error:
        raise MeasureError(f"{path}: can't be read ({error.strerror}); give the path of an ONNX file") from None
    except Exception:  # protobuf raises several kinds, none of them public
        raise MeasureError(f"{path}: not an ONNX file; export the model to ONNX first") from None
    if not proto.graph.node or not proto.opset_import:
        raise MeasureError(f"{path}: not an ONNX file with a graph; export the model to ONNX first")
    external = external_files(path, proto)
    files = [path, *external]
    names = {tensor.name for tensor in proto.graph.initializer}
    return ModelFile(
        path=path,
        sha256=_digest(files),
        size_bytes=sum(file.stat().st_size for file in files),
        parameters=sum(math.prod(tensor.dims) for tensor in _weights(proto)),
        opset=next((one.version for one in proto.opset_import if one.domain in ("", "ai.onnx")), 0),
        inputs=tuple(_input(path, value) for value in proto.graph.input if value.name not in names),
        external=tuple(external),
        proto=proto,
    )


def _fed(one: ModelInput) -> tuple[str, tuple[int | None, ...]]:
    return one.dtype, one.shape[1:]


def external_files(path: Path, proto: onnx.ModelProto) -> list[Path]:
    """The files that hold a model's external data, in order of name.

    Raises:
        MeasureError: one is missing or lies outside the model's folder.
    """
    import onnx

    locations = {
        entry.value
        for tensor in _tensors(proto.graph)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    folder = path.resolve().parent
    files = []
    for location in sorted(locations):
        file = (folder / location).resolve()
        if not file.is_relative_to(folder):
            raise MeasureError(
                f"{path}: its external data '{location}' is outside its folder; move it beside the model"
            )
        if not file.is_file():
            raise MeasureError(f"{path}: its external data '{location}' is missing; put it beside the model")
        files.append(file)
    return files


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor stored in a graph: initializers and attributes, subgraphs included."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for subgraph in (attribute.g, *attribute.graphs):
                yield from _tensors(subgraph)


def _weights(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """The floating-point and quantized tensors: shapes, axes and other integers are no parameters."""
    import onnx

    not_weights = (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.BOOL, onnx.TensorProto.STRING)
    return (tensor for tensor in _tensors(proto.graph) if tensor.data_type not in not_weights)


def _input(path: Path, value: onnx.ValueInfoProto) -> ModelInput:
    import onnx

    if not value.type.HasField("tensor_type"):
        raise MeasureError(f"{path}: input '{value.name}' is no tensor; only models with tensor inputs can be measured")
    tensor = value.type.tensor_type
    try:
        dtype = str(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    except KeyError:
        dtype = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    shape = tuple(size.dim_value if size.HasField("dim_value") else None for size in tensor.shape.dim)
    return ModelInput(value.name, dtype, shape)


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
