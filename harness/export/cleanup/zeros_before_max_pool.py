"""Keep zeros around a feature map apart from the MaxPool behind them, where they can win."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

ALMOST_ZERO = np.array(2.0**-126, np.float32)  # what follows can't tell it from zero
NEVER_NEGATIVE = ("Relu", "Sigmoid", "Softplus")


class ZerosBeforeMaxPool(ir.passes.InPlacePass):
    """Let a Pad before a MaxPool pad by the smallest number instead of by zero, unless both can be one node.

    ONNX Runtime makes one node of a Pad by zero and a MaxPool, whose own padding never wins: where what is pooled is
    negative, as in the ResNets of version 2, zeros do. A Pad by another number stays. Behind a Relu zeros win nothing,
    and one node is faster; but for that the padding has to be narrower than what is pooled.

    Requires: constants are initializers.
    Ensures: no Pad by zero, of float32, is read by a MaxPool whose own padding could not take its place.
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
        is_zero = len(node.inputs) < 3 or node.inputs[2] is None or _held(node.inputs[2], 1.0) == 0
        pools = [reader for reader in node.outputs[0].consumers() if reader.op_type == "MaxPool"]
        safe = _never_negative(node.inputs[0]) and all(_has_room(pool, node) for pool in pools)
        if is_zero and pools and not safe and node.outputs[0].dtype in (None, ir.DataType.FLOAT):
            yield node


def _held(value: ir.Value | None, unknown: float) -> float:
    """The number that a constant holds."""
    tensor = None if value is None else ir.convenience.get_const_tensor(value)
    return unknown if tensor is None else float(tensor.numpy().item())


def _never_negative(value: ir.Value | None) -> bool:
    """Whether what makes a value makes no number below zero."""
    maker = None if value is None else value.producer()
    if maker is None or maker.domain:
        return False
    least = maker.inputs[1] if maker.op_type == "Clip" and len(maker.inputs) > 1 else None
    return maker.op_type in NEVER_NEGATIVE or _held(least, -1.0) >= 0


def _has_room(pool: ir.Node, pad: ir.Node) -> bool:
    """Whether a MaxPool's own padding can be that of a Pad too: at each end narrower than what is pooled."""
    tensor = None if pad.inputs[1] is None else ir.convenience.get_const_tensor(pad.inputs[1])
    if tensor is None or len(pad.inputs) > 3 or pool.attributes.get_string("auto_pad", "NOTSET") != "NOTSET":
        return False
    before, after = np.split(tensor.numpy(), 2)
    kernel = np.array(pool.attributes["kernel_shape"].as_ints())
    own = np.array(pool.attributes.get_ints("pads", [0] * 2 * len(kernel)))
    added = np.concatenate([before[2:], after[2:]])
    unpadded = not (before[:2].any() or after[:2].any())
    return unpadded and bool((added + own < np.tile(kernel, 2)).all())
