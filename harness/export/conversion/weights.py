"""Large weights kept out of the graph while it is converted, and put in at the end.

TensorFlow's optimizer and tf2onnx hold tens of copies of every constant of a graph. To them a large weight is
therefore an input. It becomes a weight again in the graph that is cleaned, and is read from the model when the file is
written. What they would have computed from it is computed by `FoldIntoWeights` and `ScaleWeights`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import onnx_ir as ir

from harness.export.lazy import lazy

if TYPE_CHECKING:
    import keras

LARGE_BYTES = 2**20
READERS = {"Conv2D", "MatMul", "BatchMatMulV2"}
"""TensorFlow's operations that are converted alike whether their second input is a constant or not."""

Weights = Mapping[str, "keras.Variable"]
"""Variables, by the name of the input that stands for each."""


def is_large(variable: keras.Variable) -> bool:
    """Whether the copies of a variable matter: from a megabyte on."""
    return str(variable.dtype) == "float32" and 4 * math.prod(variable.shape) >= LARGE_BYTES


def kept_out(graph: Any, weights: Weights) -> Weights:
    """Those that a GraphDef reads in such places alone where it makes no difference that they are inputs."""
    readers: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for node in graph.node:
        for position, source in enumerate(node.input):
            readers[source.removesuffix(":0")].add((node.op, position))
    return {name: weights[name] for name in weights if _may_be_input(readers[name.removesuffix(":0")])}


def _may_be_input(readers: set[tuple[str, int]]) -> bool:
    return bool(readers) and all(position == 1 and operation in READERS for operation, position in readers)


def put_in(graph: ir.Graph, weights: Weights) -> None:
    """Make weights of the inputs that stand for them; each is read from its variable when it is needed."""
    import keras

    for value in [value for value in graph.inputs if value.name in weights]:
        variable = weights[str(value.name)]
        graph.inputs.remove(value)
        value.shape = ir.Shape(variable.shape)
        numbers = partial(keras.ops.convert_to_numpy, variable)
        value.const_value = lazy(numbers, ir.DataType.FLOAT, tuple(variable.shape))
        graph.register_initializer(value)
