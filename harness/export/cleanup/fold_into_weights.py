"""Move and reshape weights in the file, not each time that it runs."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from harness.export.lazy import changed


class FoldIntoWeights(ir.passes.InPlacePass):
    """Replace a Transpose or a Reshape of a weight by the weight as it leaves it.

    tf2onnx does so with constants, but large weights are kept out of the graph while it works.

    Requires: constants are initializers, nodes are in an order in which they can be computed.
    Ensures: no Transpose of a weight is left, and no Reshape of one to a constant shape.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Replace each; modified where there was one."""
        modified = False
        for node in model.graph:
            moved = _moved(node)
            if moved is not None:
                folded = ir.val(f"{node.outputs[0].name}_folded", const_value=moved)
                model.graph.register_initializer(folded)
                ir.convenience.replace_all_uses_with(node.outputs[0], folded)
                model.graph.remove(node, safe=True)
                modified = True
        return ir.passes.PassResult(model, modified)

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where one is left."""
        for node in model.graph:
            if _moved(node) is not None:
                raise ir.passes.PostconditionError(f"{node.name} still moves a weight")


def _moved(node: ir.Node) -> ir.TensorProtocol | None:
    """What a node makes of a weight that it moves; None where it does something else."""
    if node.domain or node.op_type not in {"Transpose", "Reshape"} or node.outputs[0].is_graph_output():
        return None
    weight = _constant(node.inputs[0])
    if weight is None:
        return None
    old = tuple(weight.shape.numpy())
    if node.op_type == "Transpose":
        axes = node.attributes["perm"].as_ints() if "perm" in node.attributes else range(len(old))[::-1]
        return changed(weight, lambda values: values.transpose(axes), tuple(old[axis] for axis in axes))
    target = _constant(node.inputs[1])
    if target is None or node.attributes.get_int("allowzero", 0) == 1:
        return None
    new = [old[axis] if size == 0 else size for axis, size in enumerate(target.numpy().tolist())]
    sizes = tuple(np.broadcast_to(np.int8(0), old).reshape(new).shape)  # without the -1 that stands for the rest
    return changed(weight, lambda values: values.reshape(sizes), sizes)


def _constant(value: ir.Value | None) -> ir.TensorProtocol | None:
    return None if value is None else ir.convenience.get_const_tensor(value)
