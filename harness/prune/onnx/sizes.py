"""An ONNX file at any widths: cut by the same surgery as a prune, so that what is timed is what would be written."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
import onnx_ir as ir

from harness.measure.latency.sizes import Axis, Widths
from harness.prune.onnx.graph.graph import Graph, constant
from harness.prune.onnx.graph.site import source
from harness.prune.onnx.graph.surgery import remove
from harness.prune.onnx.graph.trace import Trace
from harness.prune.price.axes import Lengths


class OnnxSizes:
    """The file's graph, with nodes numbered: names may be missing, and onnxruntime puts names together by slashes."""

    def __init__(self, found: Trace) -> None:
        self._found, self._groups = found, found.channels.groups()
        self.shapes = found.graph.shapes
        self._lengths = Lengths(found.channels)
        self._names = {path: f"n{number}" for number, path in enumerate(found.graph.nodes)}
        self._paths = {name: path for path, name in self._names.items()}
        self._axes = {(cut.node, cut.index): cut.axes for cut in found.notes.cuts}
        self.proto = self.sized([len(group.channels) for group in self._groups])

    def kernel(self, node: onnx.NodeProto, index: int) -> tuple[Axis, ...] | None:
        """The lengths of the constant that a node reads as this input, perhaps quantized; None where it is computed."""
        own = self._found.graph.nodes[self._paths[node.name]]
        held = source(own, index) if index < len(own.inputs) else None
        if held is None:
            return None
        reader, place, _ = held
        value = constant(reader.inputs[place])
        assert value is not None  # `source` found it
        named = self._axes.get((self._found.graph.paths[reader], place), {})
        return tuple(
            (self._lengths.along(named[axis]) if axis in named else None) or Axis(size)
            for axis, size in enumerate(value.shape)
        )

    def sized(self, widths: Widths) -> onnx.ModelProto:
        """The file at these widths, the first channels of each group kept."""
        return ir.to_proto(self._cut(widths))

    def _cut(self, widths: Sequence[int]) -> ir.Model:
        pairs = zip(self._groups, widths, strict=True)
        gone = [root for group, width in pairs for root in group.channels[width:]]
        made = remove(self._found, self._found.channels.removed(gone))
        for path, node in Graph(made, {}, {}).nodes.items():
            node.name = self._names.get(path, "")
        return made
