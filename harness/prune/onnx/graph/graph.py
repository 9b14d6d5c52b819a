"""An ONNX graph that was read: its nodes by name, and what a run of it showed of every tensor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from harness.measure.inputs.declared import ModelInput, fixed_batch
from harness.measure.inputs.given import Given

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
SMALL = 64  # numbers in a tensor that says shapes, axes or places


@dataclass(frozen=True)
class Graph:
    """A model with the shapes that its tensors had in a run, by name.

    `feeds` are what it was run on: at least one set of inputs, and a second one of other sizes where sizes may vary.
    `dtypes` are NumPy's names, `inputs` what the file declares, and `given` what a user said of them.
    """

    model: ir.Model
    shapes: Mapping[str, Shape]
    dtypes: Mapping[str, str]
    feeds: Sequence[Mapping[str, Array]] = field(default_factory=tuple)
    inputs: Sequence[ModelInput] = field(default_factory=tuple)
    given: Given = field(default_factory=Given)

    @cached_property
    def nodes(self) -> dict[str, ir.Node]:
        """The nodes of the main graph in the order in which they run, by name, or by output where it is not unique."""
        found: dict[str, ir.Node] = {}
        for node in self.model.graph:
            name = node.name if node.name and node.name not in found else str(node.outputs[0].name)
            found[name] = node
        return found

    @cached_property
    def paths(self) -> dict[ir.Node, str]:
        """The name of each node."""
        return {node: path for path, node in self.nodes.items()}

    @property
    def batch(self) -> int | None:
        """How many examples it takes at once, as declared or the only number that it ran on; None if any will do."""
        declared = fixed_batch(self.inputs)
        runs = [[len(feeds[one.name]) for one in self.inputs if feeds[one.name].ndim] for feeds in self.feeds]
        if declared is not None or not runs or not runs[0] or any(run != runs[0] for run in runs):
            return declared
        return runs[0][0]

    def digest(self) -> str:
        """Identifies the architecture, whatever the names and the weights' values are."""
        numbers: dict[str, int] = {}
        count = numbers.setdefault
        for value in (*self.model.graph.inputs, *self.model.graph.initializers.values()):
            count(str(value.name), len(numbers))
        lines: list[Any] = [[str(value.shape), str(value.dtype)] for value in self.model.graph.inputs]
        for node in self.model.graph:
            outputs = [count(str(value.name), len(numbers)) for value in node.outputs]
            inputs = [None if value is None else numbers.get(str(value.name)) for value in node.inputs]
            lines.append(
                [node.domain, node.op_type, inputs, outputs, _settings(node), list(map(_constant, node.inputs))]
            )
        return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def _settings(node: ir.Node) -> list[str]:
    kinds = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS, ir.AttributeType.TENSOR, ir.AttributeType.TENSORS)
    return sorted(f"{name}={each.value}" for name, each in node.attributes.items() if each.type not in kinds)


def _constant(value: ir.Value | None) -> Any:
    """A constant's shape; of a small one of whole numbers, the numbers too."""
    array = None if value is None else value.const_value
    if array is None:
        return None
    if array.size <= SMALL and array.dtype in (ir.DataType.INT64, ir.DataType.INT32):
        return np.asarray(array.numpy()).tolist()
    return [list(array.shape.numpy()), str(array.dtype)]


def constant(value: ir.Value | None) -> Array | None:
    """What a tensor holds, where the file says it; else None."""
    if value is None or value.const_value is None or not value.is_initializer():
        return None
    return np.asarray(value.const_value.numpy())


def is_constant(value: ir.Value | None) -> bool:
    """Whether the file holds this tensor."""
    return value is not None and value.is_initializer() and value.const_value is not None


def inner_graphs(node: ir.Node) -> Iterator[ir.Graph]:
    """The bodies inside a node: of If, Loop and Scan."""
    for attribute in node.attributes.values():
        if attribute.type == ir.AttributeType.GRAPH:
            yield attribute.as_graph()
        elif attribute.type == ir.AttributeType.GRAPHS:
            yield from attribute.as_graphs()


def captured(node: ir.Node) -> Iterator[ir.Value]:
    """The tensors of the main graph that the bodies inside a node read."""
    for graph in inner_graphs(node):
        for inner in graph.all_nodes():
            yield from (value for value in inner.inputs if value is not None and value.graph is node.graph)
        yield from (value for value in graph.outputs if value.graph is node.graph)


def to_bytes(model: ir.Model) -> bytes:
    """The model as onnxruntime reads it."""
    serialized: bytes = ir.to_proto(model).SerializeToString()
    return serialized
