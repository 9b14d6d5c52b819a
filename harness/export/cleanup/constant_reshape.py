"""Give a Reshape whose target is computed at run time a constant target."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir


class ConstantReshape(ir.passes.InPlacePass):
    """Replace a Reshape's computed target by the known output shape, with -1 for the one size that is not known.

    tf2onnx computes the target of a Flatten with a dynamic batch by Shape, Gather, Cast, Slice and Concat. The number
    of elements fixes the one unknown size, so the constant says the same. The nodes that computed the target are
    left without a use.

    Requires: shapes were inferred; where an output shape is not known, its Reshape stays.
    Ensures: every Reshape whose output shape has at most one unknown size has a constant target.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Replace each target that is computed; modified where there was one."""
        found = list(_computed(model.graph))
        for node, target in found:
            constant = ir.val(f"{node.outputs[0].name}_target", const_value=ir.tensor(np.array(target, np.int64)))
            model.graph.register_initializer(constant)
            node.replace_input_with(1, constant)
        return ir.passes.PassResult(model, bool(found))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where a target is still computed."""
        for node, _ in _computed(model.graph):
            raise ir.passes.PostconditionError(f"{node.name} still computes its target")


def _computed(graph: ir.Graph) -> Iterator[tuple[ir.Node, list[int]]]:
    """The Reshape nodes with a computed target, each with the constant that can take its place."""
    for node in graph:
        if node.op_type != "Reshape" or node.domain or len(node.inputs) < 2:
            continue
        target = node.inputs[1]
        shape = node.outputs[0].shape
        if target is None or shape is None or ir.convenience.get_const_tensor(target) is not None:
            continue
        sizes = [size if isinstance(size, int) else -1 for size in shape]
        if sizes.count(-1) <= 1 and 0 not in sizes:
            yield node, sizes
