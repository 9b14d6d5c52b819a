"""Keras → ONNX by tf2onnx: the only module that imports TensorFlow."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import ExportError
from harness.export.interface import Interface, describe, input_structure
from harness.export.markers import MARKED_TYPES, marked

if TYPE_CHECKING:
    import keras
    import onnx

LARGEST_OPSET = 18
LARGEST_FILE_BYTES = 2**31 - 2**20
CHATTY_LOGGERS = ("tensorflow", "absl", "tf2onnx")


def model_proto_from_keras(model: keras.Model, *, opset: int = LARGEST_OPSET) -> tuple[onnx.ModelProto, Interface]:
    """Convert in inference mode; the graph is as tf2onnx leaves it, its inputs and outputs in the interface's order.

    A variable that is all zeros comes out marked (see `harness.export.markers`).

    Raises:
        ExportError: the Keras backend is not TensorFlow, the model has no defined inputs or more than 2 GB of
            weights, or one of its operations has no ONNX equivalent.
    """
    _require_tensorflow_backend()
    if not 13 <= opset <= LARGEST_OPSET:
        raise ExportError(f"opset = {opset}: can't be exported; use 13 to {LARGEST_OPSET}")
    interface = describe(model)
    _require_room(model)
    with _quiet():
        import tf2onnx.convert

        try:
            graph, inputs, outputs = _frozen_graph(model)
            converted, _ = tf2onnx.convert.from_graph_def(graph, input_names=inputs, output_names=outputs, opset=opset)
        except Exception as error:
            raise ExportError(f"model '{model.name}' can't be converted: {_first_line(error)}") from error
    _require_known_operations(converted, model.name)
    return converted, interface


def _frozen_graph(model: keras.Model) -> tuple[Any, list[str], list[str]]:
    """The model in inference mode as a TensorFlow GraphDef without variables, and its input and output names.

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
    inputs = [tensor.name for tensor in traced.inputs[: len(model.inputs)]]
    return graph, inputs, [tensor.name for tensor in frozen.outputs]


def _make_constant(node: Any, tensor: Any) -> None:
    """Turn a placeholder of a GraphDef into a constant."""
    import tensorflow as tf

    node.op = "Const"
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(tensor.numpy()))
    for name in set(node.attr) - {"value", "dtype"}:
        del node.attr[name]


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
def _quiet() -> Iterator[None]:
    """Keep TensorFlow and tf2onnx from logging: what matters of it becomes an ExportError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    loggers = [logging.getLogger(name) for name in CHATTY_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _require_tensorflow_backend() -> None:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"the Keras backend is {keras.backend.backend()}, and ONNX export needs TensorFlow; save the model and "
            "export the file in a process with KERAS_BACKEND=tensorflow"
        )


def _require_room(model: keras.Model) -> None:
    import numpy as np

    size_bytes = sum(int(np.prod(weight.shape)) * weight.value.dtype.size for weight in model.weights)
    if size_bytes > LARGEST_FILE_BYTES:
        raise ExportError(
            f"model '{model.name}' has {size_bytes / 1e9:.1f} GB of weights, and an ONNX file holds 2 GB; "
            "make it smaller before the export"
        )


def _require_known_operations(converted: onnx.ModelProto, name: str) -> None:
    """tf2onnx leaves what it can't convert in the graph as a TensorFlow operation."""
    from onnx import defs

    versions = {opset.domain: opset.version for opset in converted.opset_import}
    for node in _all_nodes(converted.graph):
        if node.domain in versions and not defs.has(node.op_type, versions[node.domain], node.domain):
            raise ExportError(
                f"model '{name}' can't be converted: the operation {node.op_type} in {node.name} has no ONNX "
                "equivalent; replace the layer that uses it"
            )


def _all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for subgraph in _subgraphs(attribute):
                yield from _all_nodes(subgraph)


def _subgraphs(attribute: onnx.AttributeProto) -> Sequence[onnx.GraphProto]:
    return [attribute.g] if attribute.HasField("g") else attribute.graphs


def _first_line(error: Exception) -> str:
    """The error in one line, with its kind where the message alone says too little."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
