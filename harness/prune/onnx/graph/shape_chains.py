"""Where the sizes of a tensor go that a graph asks for: into shapes that follow the channels, or into numbers."""

from __future__ import annotations

import math

import onnx_ir as ir

from harness.prune.onnx.graph.graph import Graph, inner_graphs

TARGETS = {
    "Reshape": (1,), "Expand": (1,), "Tile": (1,), "Slice": (1, 2), "Resize": (3,),
}  # fmt: skip
PASSING = ("Gather", "Slice", "Concat", "Unsqueeze", "Squeeze", "Cast", "Identity", "Reshape")


def follows(graph: Graph, node: ir.Node) -> bool:
    """Whether what a Shape says is only read as the target of nodes whose rules say how it changes."""
    return all(_harmless(graph, value) for value in node.outputs)


def _harmless(graph: Graph, value: ir.Value) -> bool:
    if value.is_graph_output():
        return False
    if math.prod(graph.shapes.get(str(value.name), (2,))) == 1:
        return True  # a single size that was not folded varies, and so counts no channels
    for node, index in value.uses():
        if node.graph is not value.graph or next(inner_graphs(node), None) is not None:
            return False
        if index in TARGETS.get(node.op_type, ()):
            continue
        if node.op_type in PASSING and all(_harmless(graph, made) for made in node.outputs):
            continue
        return False
    return True
