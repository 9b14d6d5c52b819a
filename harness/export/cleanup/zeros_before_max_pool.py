"""Keep zeros around a feature map apart from the MaxPool behind them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

ALMOST_ZERO = np.array(2.0**-126, np.float32)  # what follows can't tell it from zero


class ZerosBeforeMaxPool(ir.passes.InPlacePass):
    """Let a Pad before a MaxPool pad by the smallest number instead of by zero.

    ONNX Runtime makes one node of a Pad by zero and a MaxPool, whose own padding never wins: where what is pooled is
    negative, as in the ResNets of version 2, zeros do. A Pad by another number stays.

    Requires: constants are initializers.
    Ensures: no Pad by zero, of float32, is read by a MaxPool.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Replace each such zero; modified where there was one."""
        found = list(_zeros(model.graph))
        for node in found:
            value = ir.val(f"{node.outputs[0].name}_almost_zero", const_value=ir.tensor(ALMOST_ZERO))
            model.graph.register_initializer(value)
            node.resize_inputs(max(3, len(node.inputs)))
            node.replace_input_with(2, value)
        return ir.passes.PassResult(model, bool(found))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where a MaxPool reads zeros still."""
        for node in _zeros(model.graph):
            raise ir.passes.PostconditionError(f"{node.name} pads by zero for a MaxPool")


def _zeros(graph: ir.Graph) -> Iterator[ir.Node]:
    for node in graph:
        if node.op_type != "Pad" or node.domain or node.attributes.get_string("mode", "constant") != "constant":
            continue
        value = node.inputs[2] if len(node.inputs) > 2 else None
        constant = None if value is None else ir.convenience.get_const_tensor(value)
        is_zero = value is None or (constant is not None and not constant.numpy().any())
        pooled = any(reader.op_type == "MaxPool" for reader in node.outputs[0].consumers())
        if is_zero and pooled and node.outputs[0].dtype in (None, ir.DataType.FLOAT):
            yield node
