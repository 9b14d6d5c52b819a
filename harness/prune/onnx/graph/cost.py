"""What pruning saves of an ONNX graph: parameters and multiply-accumulates (MACs) by node."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from harness.channels.removal import Removal
from harness.measure.files.macs import node_macs
from harness.prune.onnx.graph.graph import Graph, Shape, is_constant
from harness.prune.onnx.graph.site import FORMS, source
from harness.prune.onnx.graph.surgery import shapes_left
from harness.prune.onnx.graph.trace import Trace
from harness.records import ChannelPlan, LayerCost, PruneReport

NOT_WEIGHTS = (ir.DataType.INT64, ir.DataType.INT32, ir.DataType.BOOL, ir.DataType.STRING)
Costs = dict[str, tuple[int, int | None]]  # of each node: parameters, and MACs


def report(
    found: Trace, pruned: ir.Model, removal: Removal, plan: ChannelPlan, pinned: Mapping[str, str]
) -> PruneReport:
    """Compare two graphs of the same nodes, by the sizes of the run that the original was read with."""
    before = _costs(found.graph, found.graph.shapes)
    after = _costs(Graph(pruned, found.graph.shapes, found.graph.dtypes), shapes_left(found, removal))
    layers = [
        LayerCost(
            layer=path,
            kind=node.op_type,
            channels_before=plan.channels.get(path),
            channels_after=len(plan.kept[path]) if path in plan.kept else None,
            parameters_before=before[path][0],
            parameters_after=after.get(path, (0, 0))[0],
            macs_before=before[path][1],
            macs_after=after.get(path, (0, 0))[1],
        )
        for path, node in found.graph.nodes.items()
        if before[path] != (0, 0) or path in plan.kept
    ]
    return PruneReport(layers=tuple(layers), pinned=pinned)


def _costs(graph: Graph, shapes: Mapping[str, Shape]) -> Costs:
    """Each constant counts for the first node that reads it."""
    seen: set[str] = set()
    sizes: dict[str, tuple[int | None, ...]] = dict(shapes)
    for name, value in graph.model.graph.initializers.items():
        if value.const_value is not None:
            sizes[name] = tuple(value.const_value.shape.numpy())
    for node in graph.nodes.values():
        held = source(node, 0) if node.op_type in FORMS else None
        if held is not None:  # a constant in another form, whose length follows from the constant's
            sizes[str(node.outputs[0].name)] = sizes[str(held[0].inputs[held[1]].name)]  # type: ignore[union-attr]
    found = {}
    for path, node in graph.nodes.items():
        mine = {str(value.name): value for value in node.inputs if value is not None and is_constant(value)}
        new = {name: value for name, value in mine.items() if name not in seen}
        seen |= new.keys()
        found[path] = sum(map(_parameters, new.values())), node_macs(ir.to_proto(node), sizes)
    return found


def _parameters(value: ir.Value) -> int:
    held = value.const_value
    return 0 if held is None or held.dtype in NOT_WEIGHTS else held.size
