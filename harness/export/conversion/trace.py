"""A Keras model as a TensorFlow graph in inference mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.export.conversion.markers import MARKED_TYPES, marked
from harness.export.interface import input_structure

if TYPE_CHECKING:
    import keras

XLA_MARKS = {"_XlaMustCompile", "_noinline"}


def frozen_graph(model: keras.Model, batch: int | None = None) -> tuple[Any, list[str], list[Any]]:
    """The model in inference mode as a TensorFlow GraphDef without variables, its inputs' names and its outputs.

    It takes batches of one size, or of any.

    A layer may hold plain tensors (Normalization does), which TensorFlow passes into the graph as further inputs;
    they become constants here.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    traced = _traced(model, batch)
    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=False, aggressive_inlining=True)
    graph = frozen.graph.as_graph_def(add_shapes=True)
    held = {inner.op.name: outer for outer, inner in traced.graph.captures if outer.dtype.is_numpy_compatible}
    for node in graph.node:
        if node.op == "Placeholder" and node.name in held:
            _make_constant(node, held[node.name])
    _let_inline(graph)
    inputs = [tensor.name for tensor in traced.inputs[: len(model.inputs)]]
    return graph, inputs, frozen.outputs


def _traced(model: keras.Model, batch: int | None) -> Any:
    """The model in inference mode as a TensorFlow function of its flat inputs."""
    import keras
    import tensorflow as tf

    zeros = [
        variable
        for variable in model.variables
        if variable.dtype in MARKED_TYPES and not keras.ops.convert_to_numpy(variable).any()
    ]
    signature = [
        tf.TensorSpec((batch, *tensor.shape[1:]), tensor.dtype, name=f"input_{index}")
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
