"""Keras → ONNX by tf2onnx: the only module that imports TensorFlow."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.base.errors import ExportError
from harness.export.conversion.markers import MARKED_TYPES, marked
from harness.export.conversion.operations import tf2onnx_handlers
from harness.export.interface import Interface, describe, input_structure, with_output_shapes
from harness.export.reason import reason

if TYPE_CHECKING:
    import keras
    import onnx

LARGEST_OPSET = 18
LARGEST_FILE_BYTES = 2**31 - 2**20
XLA_MARKS = {"_XlaMustCompile", "_noinline"}


def model_proto_from_keras(model: keras.Model, *, opset: int = LARGEST_OPSET) -> tuple[onnx.ModelProto, Interface]:
    """Convert in inference mode; the graph is as tf2onnx leaves it, its inputs and outputs in the interface's order.

    A variable that is all zeros comes out marked (see `harness.export.conversion.markers`).

    Raises:
        ExportError: the Keras backend is not TensorFlow, the model has no defined inputs, keeps a state or has more
            than 2 GB of weights, or it uses an operation that this project can't export.
    """
    _require_tensorflow_backend()
    if not 13 <= opset <= LARGEST_OPSET:
        raise ExportError(f"opset = {opset}: can't be exported; use 13 to {LARGEST_OPSET}")
    interface = describe(model)
    _require_no_state(model)
    _require_room(model)
    with quiet():
        import tf2onnx.convert

        try:
            graph, inputs, traced = _frozen_graph(model)
            converted, _ = tf2onnx.convert.from_graph_def(
                graph,
                input_names=inputs,
                output_names=[tensor.name for tensor in traced],
                opset=opset,
                custom_op_handlers=tf2onnx_handlers(),
            )
        except Exception as error:
            raise ExportError(f"model '{model.name}' can't be converted: {reason(error)}") from error
    _require_known_operations(converted, model)
    return converted, with_output_shapes(interface, [tensor.shape for tensor in traced])


def _frozen_graph(model: keras.Model) -> tuple[Any, list[str], list[Any]]:
    """The model in inference mode as a TensorFlow GraphDef without variables, its inputs' names and its outputs.

    A layer may hold plain tensors (Normalization does), which TensorFlow passes into the graph as further inputs;
    they become constants here.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    traced = _traced(model)
    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=False, aggressive_inlining=True)
    graph = frozen.graph.as_graph_def(add_shapes=True)
    held = {inner.op.name: outer for outer, inner in traced.graph.captures if outer.dtype.is_numpy_compatible}
    for node in graph.node:
        if node.op == "Placeholder" and node.name in held:
            _make_constant(node, held[node.name])
    _let_inline(graph)
    inputs = [tensor.name for tensor in traced.inputs[: len(model.inputs)]]
    return graph, inputs, frozen.outputs


def _make_constant(node: Any, tensor: Any) -> None:
    """Turn a placeholder of a GraphDef into a constant."""
    import tensorflow as tf

    node.op = "Const"
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(tensor.numpy()))
    for name in set(node.attr) - {"value", "dtype"}:
        del node.attr[name]


def _let_inline(graph: Any) -> None:
    """Let TensorFlow put functions marked for XLA in the places where they are called.

    Keras has XLA compile each convolution in groups, since TensorFlow has no other kernel for it on a CPU. The
    function is an ordinary convolution to ONNX.
    """
    for holder in (*graph.node, *graph.library.function):
        for mark in XLA_MARKS & set(holder.attr):
            del holder.attr[mark]
    for function in graph.library.function:
        for node in function.node_def:
            for mark in XLA_MARKS & set(node.attr):
                del node.attr[mark]


def _traced(model: keras.Model) -> Any:
    """The model in inference mode as a TensorFlow function of its flat inputs, with a dynamic batch."""
    import keras
    import tensorflow as tf

    zeros = [
        variable
        for variable in model.variables
        if variable.dtype in MARKED_TYPES and not keras.ops.convert_to_numpy(variable).any()
    ]
    signature = [
        tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, name=f"input_{index}")
        for index, tensor in enumerate(model.inputs)
    ]

    def forward(*inputs: tf.Tensor) -> tuple[tf.Tensor, ...]:
        values = [
            (variable, tf.constant(marked(variable.shape, variable.dtype, index)))
            for index, variable in enumerate(zeros)
        ]
        with keras.StatelessScope(state_mapping=values):
            outputs = model(keras.tree.pack_sequence_as(input_structure(model), list(inputs)), training=False)
        return tuple(tf.identity(output) for output in keras.tree.flatten(outputs))

    return tf.function(forward, input_signature=signature, autograph=False).get_concrete_function()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep every package from logging: what matters of it becomes an ExportError.

    tf2onnx logs by its own logger and by the root's.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _require_tensorflow_backend() -> None:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"the Keras backend is {keras.backend.backend()}, and ONNX export needs TensorFlow; save the model and "
            "export the file in a process with KERAS_BACKEND=tensorflow"
        )


def _require_no_state(model: keras.Model) -> None:
    for layer in _operations(model):
        if getattr(layer, "stateful", False):
            raise ExportError(
                f"model '{model.name}' can't be exported: layer '{layer.name}' keeps its state from one batch to the "
                "next, which an ONNX file can't; set its stateful to False, or make the state an input and an output"
            )


def _require_room(model: keras.Model) -> None:
    import numpy as np

    size_bytes = sum(int(np.prod(weight.shape)) * weight.value.dtype.size for weight in model.weights)
    if size_bytes > LARGEST_FILE_BYTES:
        raise ExportError(
            f"model '{model.name}' has {size_bytes / 1e9:.1f} GB of weights, and an ONNX file holds 2 GB; "
            "make it smaller before the export"
        )


def _require_known_operations(converted: onnx.ModelProto, model: keras.Model) -> None:
    """tf2onnx leaves what it can't convert in the graph as a TensorFlow operation, or half converted."""
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
