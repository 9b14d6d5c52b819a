"""Where a node's bias is: an input of its own, or a constant right behind it that can take one up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from harness.prune.onnx.graph.graph import Array, constant

OWN = ("Conv", "ConvTranspose", "Gemm")  # their third input


@dataclass(frozen=True)
class Bias:
    """A constant of one number for each output, of one node alone.

    `own` is whether it is the node's own. Else it is added behind the node, or, where `sign` is -1, taken away there.
    """

    value: ir.Value
    own: bool
    sign: float = 1.0

    @property
    def held(self) -> Array:
        """What it holds."""
        held = constant(self.value)
        assert held is not None  # `bias_of` saw it
        return held

    def add(self, row: Array) -> None:
        """Write what was solved for the node, one number for each output: in its place, or on top of what is there."""
        found = row.reshape(self.held.shape) if self.own else self.held + self.sign * row.reshape(self.held.shape)
        self.value.const_value = ir.Tensor(np.ascontiguousarray(found.astype(np.float32)), name=self.value.name)


def bias_of(node: ir.Node, outputs: int, axis: int, rank: int) -> Bias | None:
    """The bias that can be solved with a node's kernel; None where there is none.

    Args:
        node: the node.
        outputs: how many it makes.
        axis: the axis of what it makes along which these lie.
        rank: how many axes that has.
    """
    if node.op_type in OWN and len(node.inputs) > 2 and node.inputs[2] is not None:
        value = node.inputs[2]
        held = _single(value)
        return None if held is None or held.size != outputs else Bias(value, own=True)
    return _behind(node.outputs[0], outputs, axis, rank)


def _behind(made: ir.Value, outputs: int, axis: int, rank: int) -> Bias | None:
    """The constant of an Add or a BatchNormalization that reads a tensor, and that nothing else does."""
    if made.is_graph_output() or len(made.uses()) != 1:
        return None
    reader, place = next(iter(made.uses()))
    if reader.op_type == "BatchNormalization" and place == 0 and axis == 1:
        mean = reader.inputs[3]
        held = _single(mean)
        return Bias(mean, own=False, sign=-1.0) if mean is not None and held is not None else None
    if reader.op_type != "Add":
        return None
    other = reader.inputs[1 - place]
    held = _single(other)
    lined = (1,) * axis + (outputs,) + (1,) * (rank - axis - 1)
    if other is None or held is None or held.ndim > rank or (1,) * (rank - held.ndim) + held.shape != lined:
        return None
    return Bias(other, own=False)


def _single(value: ir.Value | None) -> Array | None:
    """What a tensor holds, where it is a float32 constant that one node reads."""
    held = constant(value)
    if value is None or held is None or held.dtype != np.float32 or len(value.uses()) > 1:
        return None
    return held
