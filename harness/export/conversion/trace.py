"""A Keras model as a TensorFlow graph in inference mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.export.conversion.markers import MARKED_TYPES, marked
from harness.export.conversion.weights import Weights, is_large, kept_out
from harness.export.interface import input_structure

if TYPE_CHECKING:
    import keras

XLA_MARKS = {"_XlaMustCompile", "_noinline"}


@dataclass(frozen=True, eq=False)
class Frozen:
    """A TensorFlow GraphDef without variables, its inputs' names, its outputs, and the weights that are inputs."""

    graph: Any
    inputs: list[str]
    outputs: list[Any]
    weights: Weights


def frozen_graph(model: keras.Model, batch: int | None = None) -> Frozen:
    """The model in inference mode, for batches of one size or of any, with its large weights as inputs.

    A layer may hold plain tensors (Normalization does), which TensorFlow passes into the graph as further inputs;
    they become constants here, as do large weights that are not read by a convolution or a matrix product alone.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    zeros = [variable for variable in model.variables if _is_zero(variable)]
    large = [variable for variable in model.variables if is_large(variable) and not _among(variable, zeros)]
    traced = _traced(model, batch, zeros, large)
    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=False, aggressive_inlining=True)
    graph = frozen.graph.as_graph_def(add_shapes=True)
    names = [tensor.name for tensor in traced.inputs]
    count = len(model.inputs)
    lifted = dict(zip(names[count:], large, strict=False))
    weights = kept_out(graph, lifted)
    held = {inner.name: outer for outer, inner in traced.graph.captures if outer.dtype.is_numpy_compatible}
    held |= {name: lifted[name] for name in lifted.keys() - weights.keys()}
    for node in graph.node:
        if node.op == "Placeholder" and f"{node.name}:0" in held:
            _make_constant(node, held[f"{node.name}:0"])
    _let_inline(graph)
    return Frozen(graph, names[:count], frozen.outputs, weights)


def _traced(model: keras.Model, batch: int | None, zeros: list[keras.Variable], large: list[keras.Variable]) -> Any:
    """The model in inference mode as a TensorFlow function of its flat inputs, and of its large weights."""
    import keras
    import tensorflow as tf

    count = len(model.inputs)
    signature = [
        tf.TensorSpec((batch, *tensor.shape[1:]), tensor.dtype, name=f"input_{index}")
        for index, tensor in enumerate(model.inputs)
    ]
    signature += [
        tf.TensorSpec(variable.shape, variable.dtype, name=f"weight_{index}") for index, variable in enumerate(large)
    ]

    def forward(*inputs: tf.Tensor) -> tuple[tf.Tensor, ...]:
        values = [
            (variable, tf.constant(marked(variable.shape, variable.dtype, index)))
            for index, variable in enumerate(zeros)
        ]
        values += zip(large, inputs[count:], strict=True)
        with keras.StatelessScope(state_mapping=values):
            outputs = model(keras.tree.pack_sequence_as(input_structure(model), list(inputs[:count])), training=False)
        return tuple(tf.identity(output) for output in keras.tree.flatten(outputs))

    return tf.function(forward, input_signature=signature, autograph=False).get_concrete_function()


def _is_zero(variable: keras.Variable) -> bool:
    import keras

    return variable.dtype in MARKED_TYPES and not keras.ops.convert_to_numpy(variable).any()


def _among(variable: keras.Variable, variables: list[keras.Variable]) -> bool:
    return any(variable is each for each in variables)


def _make_constant(node: Any, value: Any) -> None:
    """Turn a placeholder of a GraphDef into a constant: a tensor or a variable of Keras."""
    import keras
    import tensorflow as tf

    node.op = "Const"
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(keras.ops.convert_to_numpy(value)))
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
