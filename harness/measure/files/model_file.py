"""What an ONNX file is: its bytes, inputs, parameters and external data. Reads the file; runs nothing."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import MeasureError
from harness.measure.files.first_convolutions import read_by_convolutions
from harness.measure.files.macs import ESTIMATORS
from harness.measure.inputs.declared import ModelInput

if TYPE_CHECKING:
    import onnx

LARGEST = 2**31 - 1  # bytes that one ONNX file can hold; more is external data


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file that was read and checked.

    `parameters` is None where an operator keeps its weights in a form that isn't counted. `external` are the files of
    its external data; `proto` holds its graph without that data.
    """

    path: Path
    sha256: str
    size_bytes: int
    parameters: int | None
    opset: int
    inputs: tuple[ModelInput, ...]
    external: tuple[Path, ...]
    proto: onnx.ModelProto


def read_model(path: Path) -> ModelFile:
    """Read an ONNX file and what it says about itself; sizes and hash include its external data.

    Raises:
        MeasureError: no such file, not ONNX, or external data that is missing or outside the model's folder.
    """
    import onnx

    try:
        _check_size(path)
        proto = onnx.load_model(path, load_external_data=False)
    except OSError as error:
        raise MeasureError(
            f"{path}: can't be read ({error.strerror or error}); give the path of an ONNX file"
        ) from None
    except MeasureError:
        raise
    except Exception:  # protobuf raises several kinds, none of them public
        raise MeasureError(f"{path}: not an ONNX file; export the model to ONNX first") from None
    if not proto.graph.node or not proto.opset_import:
        raise MeasureError(f"{path}: not an ONNX file with a graph; export the model to ONNX first")
    external = external_files(path, proto)
    files = [path, *external]
    held = (*proto.graph.initializer, *(sparse.values for sparse in proto.graph.sparse_initializer))
    names = {tensor.name for tensor in held}
    known = read_by_convolutions(proto)
    return ModelFile(
        path=path,
        sha256=_digest(files),
        size_bytes=sum(file.stat().st_size for file in files),
        parameters=_count_weights(proto),
        opset=next((one.version for one in proto.opset_import if one.domain in ("", "ai.onnx")), 0),
        inputs=tuple(
            _input(path, value, known.get(value.name)) for value in proto.graph.input if value.name not in names
        ),
        external=tuple(external),
        proto=proto,
    )


def _check_size(path: Path) -> None:
    """Raise MeasureError where a file is larger than ONNX files can be, or a pipe, before it is read."""
    found = path.stat()
    size = found.st_size
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise MeasureError(f"{path}: is a pipe or a device, not a file; give the path of an ONNX file")
    if size > LARGEST:
        raise MeasureError(
            f"{path}: has {size / 1e9:.1f} GB in one file, and an ONNX file holds 2 at most; export the model with "
            "external data"
        )


def external_files(path: Path, proto: onnx.ModelProto) -> list[Path]:
    """The files that hold a model's external data, in order of name.

    Raises:
        MeasureError: one is missing or lies outside the model's folder.
    """
    import onnx

    locations = {
        entry.value
        for tensor in tensors(proto)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    folder = path.resolve().parent
    files = []
    for location in sorted(locations):
        file = Path(os.path.realpath(folder / location.replace("\0", "?")))
        if not file.is_relative_to(folder):
            raise MeasureError(
                f"{path}: its external data '{location}' is outside its folder; move it beside the model"
            )
        if not os.path.isfile(file):
            raise MeasureError(f"{path}: its external data '{location}' is missing; put it beside the model")
        files.append(file)
    return files


def tensors(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every tensor stored in a model: initializers and attributes, in subgraphs and functions too."""
    for graph in graphs(proto):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in _nodes(proto):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("sparse_tensor"):
                yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)


def _nodes(proto: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    for graph in graphs(proto):
        yield from graph.node
    for function in proto.functions:
        yield from function.node


def graphs(proto: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """The graph, and those inside its nodes and those of the model's functions, whatever their depth."""
    yield proto.graph
    yield from _inside(proto.graph.node)
    for function in proto.functions:
        yield from _inside(function.node)


def _inside(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.GraphProto]:
    for node in nodes:
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield graph
                yield from _inside(graph.node)


def _count_weights(proto: onnx.ModelProto) -> int | None:
    """The floating-point and quantized numbers: shapes, axes and other integers are no parameters.

    None where an estimator of ai.onnx.ml keeps its numbers among its attributes: trees have no weights to count.
    """
    import onnx

    if any(node.op_type in ESTIMATORS for node in _nodes(proto)):
        return None
    not_weights = (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.BOOL, onnx.TensorProto.STRING)
    return sum(int(math.prod(tensor.dims)) for tensor in tensors(proto) if tensor.data_type not in not_weights)


def _input(path: Path, value: onnx.ValueInfoProto, known: tuple[int, int] | None) -> ModelInput:
    """What is declared of an input; `known` is how many axes and channels it must have."""
    if not value.type.HasField("tensor_type"):
        raise MeasureError(f"{path}: input '{value.name}' is no tensor; only models with tensor inputs can be measured")
    tensor = value.type.tensor_type
    dtype = _type_name(tensor.elem_type)
    if not tensor.HasField("shape"):
        shape = None if known is None else (None, known[1], *[None] * (known[0] - 2))
        return ModelInput(value.name, dtype, shape)
    sizes = tuple(tensor.shape.dim)
    shape = tuple(size.dim_value if size.HasField("dim_value") and size.dim_value >= 0 else None for size in sizes)
    if known is not None and len(shape) == known[0] and shape[1] is None:
        shape = (shape[0], known[1], *shape[2:])
    return ModelInput(value.name, dtype, shape, tuple(size.dim_param for size in sizes))


def _type_name(kind: int) -> str:
    """NumPy's name of an element type, `string` for text, and ONNX's where NumPy has none."""
    import onnx

    if kind == onnx.TensorProto.STRING:
        return "string"
    try:
        return str(onnx.helper.tensor_dtype_to_np_dtype(kind))
    except KeyError:
        known = kind in onnx.TensorProto.DataType.values()
        return onnx.TensorProto.DataType.Name(kind).lower() if known else f"type {kind}"


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
