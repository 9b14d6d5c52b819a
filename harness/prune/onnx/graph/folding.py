"""Fold what is always the same: chains that compute shapes, and what nodes make of constants alone.

What a graph computes from the number of its channels (a target of Reshape, the square root of a width) is the
original's after pruning too, unless a rule says that it follows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common

from harness.prune.onnx.graph.graph import SMALL, Array, constant, inner_graphs, is_constant
from harness.prune.onnx.graph.running import Seen

NEVER = ("DequantizeLinear", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli")
SHAPE_OF = ("Shape", "Size")


def fold(model: ir.Model, first: Seen, second: Seen | None) -> None:
    """Replace small tensors that depend on shapes and constants alone, and are equal in both runs, by initializers.

    What nodes make of constants alone is folded, whatever its size, unless it is larger than these, however many nodes
    lie between. `second` is None where the network runs on one size alone.
    """
    graph = model.graph
    settled: set[str] = set()  # depends on shapes and constants alone
    made_of: dict[str, set[ir.Value]] = {}  # the constants behind what depends on constants alone
    for node in list(graph):
        if not _plain(node) or any(value.is_graph_output() for value in node.outputs):
            continue
        if node.op_type not in SHAPE_OF and not all(_is_settled(value, settled) for value in node.inputs):
            continue
        names = {str(value.name) for value in node.outputs}
        settled |= names
        behind = _behind(node, made_of)
        made_of |= dict.fromkeys(names, behind) if behind else {}
        small = all(_same(str(value.name), first, second) for value in node.outputs)
        if small or _shrinks(node, first, behind):
            for value in node.outputs:
                _replace(graph, value, first.held[str(value.name)])
    common.RemoveUnusedNodesPass()(model)


def constant_tensors(model: ir.Model) -> set[str]:
    """The tensors that depend on constants alone."""
    found: set[str] = set()
    for node in model.graph:
        if node.inputs and _plain(node) and all(_is_settled(value, found) for value in node.inputs):
            found |= {str(value.name) for value in node.outputs}
    return found


def _plain(node: ir.Node) -> bool:
    return node.domain in ("", "ai.onnx") and node.op_type not in NEVER and next(inner_graphs(node), None) is None


def _is_settled(value: ir.Value | None, settled: set[str]) -> bool:
    return value is None or is_constant(value) or str(value.name) in settled


def _same(name: str, first: Seen, second: Seen | None) -> bool:
    if name not in first.held or first.held[name].size > SMALL:
        return False
    return second is None or (name in second.held and np.array_equal(first.held[name], second.held[name]))


def _behind(node: ir.Node, made_of: Mapping[str, set[ir.Value]]) -> set[ir.Value]:
    """The constants that a node makes its outputs of; none where they depend on anything else."""
    found: set[ir.Value] = set()
    for value in filter(None, node.inputs):
        more = {value} if is_constant(value) else made_of.get(str(value.name))
        if more is None:
            return set()
        found |= more
    return found


def _shrinks(node: ir.Node, first: Seen, behind: set[ir.Value]) -> bool:
    """Whether what a node makes of these constants is no larger than they are."""
    made = [first.held.get(str(value.name)) for value in node.outputs]
    read = sum(array.nbytes for array in map(constant, behind) if array is not None)
    written = [array.nbytes for array in made if array is not None]
    return bool(behind) and len(written) == len(made) and sum(written) <= read


def _replace(graph: ir.Graph, value: ir.Value, array: Array) -> None:
    """Let readers of a tensor read an initializer of its name."""
    name = str(value.name)
    held = ir.Value(name=name, shape=ir.Shape(array.shape), type=ir.TensorType(ir.DataType.from_numpy(array.dtype)))
    held.const_value = ir.Tensor(np.array(array, order="C"), name=name)
    value.name = f"{name}.folded"
    value.replace_all_uses_with(held)
    graph.register_initializer(held)
