"""What can't be exported, each refused with what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.base.errors import ExportError

if TYPE_CHECKING:
    import keras
    import onnx

LARGEST_FILE_BYTES = 2**31 - 2**20


def require_tensorflow_backend() -> None:
    """Raise ExportError where Keras runs on another backend than TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"the Keras backend is {keras.backend.backend()}, and ONNX export needs TensorFlow; save the model and "
            "export the file in a process with KERAS_BACKEND=tensorflow"
        )


def require_no_state(model: keras.Model) -> None:
    """Raise ExportError where a layer keeps a state from one batch to the next."""
    for layer in _operations(model):
        if getattr(layer, "stateful", False):
            raise ExportError(
                f"model '{model.name}' can't be exported: layer '{layer.name}' keeps its state from one batch to the "
                "next, which an ONNX file can't; set its stateful to False, or make the state an input and an output"
            )


def require_room(model: keras.Model) -> None:
    """Raise ExportError where the weights are more than an ONNX file holds, 2 GB."""
    import numpy as np

    size_bytes = sum(int(np.prod(weight.shape)) * weight.value.dtype.size for weight in model.weights)
    if size_bytes > LARGEST_FILE_BYTES:
        raise ExportError(
            f"model '{model.name}' has {size_bytes / 1e9:.1f} GB of weights, and an ONNX file holds 2 GB; "
            "make it smaller before the export"
        )


def require_float_inputs(model: keras.Model) -> None:
    """Raise ExportError where none of the model's inputs can be taken in half precision."""
    kinds = sorted({str(tensor.dtype) for tensor in model.inputs})
    if not {"float32", "float16"} & set(kinds):
        raise ExportError(f"float16_inputs: model '{model.name}' takes {' and '.join(kinds)} alone; leave it out")


def require_known_operations(converted: onnx.ModelProto, model: keras.Model) -> None:
    """Raise ExportError where tf2onnx left something in the graph as a TensorFlow operation, or half converted."""
    from onnx import defs

    versions = {opset.domain: opset.version for opset in converted.opset_import}
    for node in _all_nodes(converted.graph):
        is_known = node.domain in versions and defs.has(node.op_type, versions[node.domain], node.domain)
        what = f"of the operation {node.op_type}"
        if is_known:
            schema = defs.get_schema(node.op_type, versions[node.domain], node.domain)
            if schema.min_input <= len(node.input) <= schema.max_input:
                continue
            what = f"of a {node.op_type} with these sizes and settings"
        raise ExportError(
            f"model '{model.name}' can't be exported: this project has no conversion to ONNX {what}, which "
            f"{_user_of(node.name, model)} uses; replace it by layers that can be exported"
        )


def _user_of(node: str, model: keras.Model) -> str:
    """The innermost layer in whose scope TensorFlow made a node; a scope is a layer's name, and a counter perhaps."""
    names = {operation.name for operation in _operations(model)}
    for scope in reversed(node.split("/")[1:]):
        for name in (scope, re.sub(r"_\d+$", "", scope)):
            if name in names:
                return f"layer '{name}'"
    return f"'{node}'"


def _operations(model: keras.Model) -> Iterator[Any]:
    """The layers and operations of a model and of the models inside it."""
    for operation in getattr(model, "operations", model.layers):
        yield operation
        if hasattr(operation, "layers"):
            yield from _operations(operation)


def _all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for subgraph in _subgraphs(attribute):
                yield from _all_nodes(subgraph)


def _subgraphs(attribute: onnx.AttributeProto) -> Sequence[onnx.GraphProto]:
    return [attribute.g] if attribute.HasField("g") else attribute.graphs
