"""Which tensors of two graphs are compared: their outputs before these are squashed or rounded."""

from __future__ import annotations

import onnx_ir as ir

from harness.prune.onnx.graph.graph import Graph, is_constant

THROUGH = ("Softmax", "LogSoftmax", "Sigmoid", "Identity", "ArgMax", "ArgMin", "Hardmax", "Round", "Cast")


def compared(graph: Graph) -> list[str]:
    """The tensors to compare, by name, one for each output that is not a constant.

    A last softmax, sigmoid or choice is looked through: saturated, it hides differences, and whole numbers jump.
    """
    found = [_before(value, graph) for value in graph.model.graph.outputs if not is_constant(value)]
    return list(dict.fromkeys(name for name in found if name is not None))


def _before(value: ir.Value, graph: Graph) -> str | None:
    node = value.producer()
    if node is None:
        return None
    first = node.inputs[0] if node.inputs else None
    if node.op_type in THROUGH and first is not None and first.producer() is not None:
        deeper = _before(first, graph)
        if deeper is not None:
            return deeper
    return str(value.name) if graph.dtypes.get(str(value.name), "").startswith("float") else None
