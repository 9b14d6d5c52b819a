"""Which tensors of two graphs are compared: their outputs before these are squashed or rounded."""

from __future__ import annotations

import onnx_ir as ir

from harness.base.errors import UnprovableError
from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Graph, is_constant
from harness.prune.onnx.graph.trace import Trace

THROUGH = (
    "Softmax", "LogSoftmax", "Sigmoid", "Identity", "ArgMax", "ArgMin", "Hardmax", "Round", "Cast", "QuantizeLinear",
)  # fmt: skip
EXACT = ("ConvInteger", "MatMulInteger", "QGemm")  # beside those whose names begin with QLinear
SIZES = ("Shape", "Size")


def compared(found: Trace, removal: Removal) -> list[str]:
    """The tensors to compare, by name: of each output that is not a constant those that hold what it tells.

    A last softmax, sigmoid or choice is looked through: saturated, it hides differences. Whole numbers are compared
    where they are sums; else they are places or counts, which jump, and what they are found from is compared.

    Raises:
        UnprovableError: there are none.
    """
    tell: dict[str, None] = {}
    seen: set[str] = set()
    for value in found.graph.model.graph.outputs:
        if not is_constant(value):
            tell |= dict.fromkeys(_before(value, found.graph, seen))
    whole = [name for name in tell if name not in found.tensors or removal.mask(found.tensors[name]) is None]
    if not whole:
        raise UnprovableError("can't prove anything: no output holds numbers; give the file an output of floats")
    return whole


def _before(value: ir.Value, graph: Graph, seen: set[str]) -> list[str]:
    node, name = value.producer(), str(value.name)
    if node is None or name in seen:
        return []
    seen.add(name)
    first = node.inputs[0] if node.inputs else None
    if node.op_type in THROUGH and first is not None:
        deeper = _before(first, graph, seen)
        if deeper:
            return deeper
    if graph.dtypes.get(name, "").startswith("float") or node.op_type in EXACT or node.op_type.startswith("QLinear"):
        return [name]
    if node.op_type in SIZES:
        return []
    return [each for read in node.inputs if read is not None for each in _before(read, graph, seen)]
