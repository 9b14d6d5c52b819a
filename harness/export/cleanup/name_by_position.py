"""Name and order everything by its place in the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import onnx_ir as ir
from onnx import defs

from harness.export.node_order import canonical_order, subgraphs


class NameByPosition(ir.passes.InPlacePass):
    """Order the nodes canonically, and name them, their values and weights by operation and position.

    The third convolution is `Conv_3`, its output too, its weights `Conv_3.W` and `Conv_3.B`, after the names of the
    ONNX specification. The converter's own names hold counters that depend on what was converted before.

    Requires: no unused nodes or initializers.
    Ensures: equal graphs have equal names and orders; the graph's inputs and outputs keep their names.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Order and name everything; always counts as modified."""
        kept = {*model.graph.inputs, *model.graph.outputs}
        _rename(model.graph, "", Naming(kept, frozenset(str(value.name) for value in kept), model.opset_imports))
        return ir.passes.PassResult(model, modified=True)


@dataclass(frozen=True)
class Naming:
    """The values that keep their names, those names, and the version of each operator domain."""

    kept: Set[ir.Value]
    taken: Set[str]
    versions: Mapping[str, int]

    def free(self, name: str) -> str:
        """The name, or one like it that no kept value has."""
        while name in self.taken:
            name += "_"
        return name


def _rename(graph: ir.Graph, prefix: str, naming: Naming) -> None:
    """Order and name one graph, then the graphs inside its nodes, whose names start with their node's."""
    nodes = canonical_order(graph)
    graph.remove(nodes)
    graph.extend(nodes)
    for node, name in _named(nodes, prefix):
        node.name = name
        for index, value in enumerate(node.outputs):
            if value not in naming.kept and value.name:
                value.name = naming.free(name if len(node.outputs) == 1 else f"{name}.{index}")
        for attribute, subgraph in subgraphs(node):
            for index, value in enumerate(subgraph.inputs):
                value.name = naming.free(f"{name}.{attribute}.input_{index}")
            subgraph.name = f"{name}.{attribute}"
            _rename(subgraph, f"{name}.{attribute}/", naming)
    _rename_initializers(graph, naming)


def _rename_initializers(graph: ir.Graph, naming: Naming) -> None:
    """Name each initializer after the first node that reads it, and order them as they are read."""
    names: dict[ir.Value, str] = {}
    for node in graph.all_nodes():
        for position, value in enumerate(node.inputs):
            if value is not None and value.is_initializer() and value.graph is graph:
                names.setdefault(value, naming.free(f"{node.name}.{_input_name(node, position, naming.versions)}"))
    for value in graph.outputs:
        if value.is_initializer():
            names[value] = str(value.name)
    graph.initializers.clear()
    for value, name in names.items():
        value.name = name
        graph.initializers.add(value)


def _named(nodes: list[ir.Node], prefix: str) -> Iterator[tuple[ir.Node, str]]:
    counts: Counter[str] = Counter()
    for node in nodes:
        counts[node.op_type] += 1
        yield node, f"{prefix}{node.op_type}_{counts[node.op_type]}"


def _input_name(node: ir.Node, position: int, versions: Mapping[str, int]) -> str:
    """What the specification calls a node's input, numbered where one name stands for several; never a bare number.

    A bare number is what one of several outputs gets, and a node may have several of both (Loop, Scan).
    """
    if not defs.has(node.op_type, versions[node.domain], node.domain):
        return f"input_{position}"
    formal = defs.get_schema(node.op_type, versions[node.domain], node.domain).inputs
    last = len(formal) - 1
    if formal[last].option == defs.OpSchema.FormalParameterOption.Variadic and position >= last:
        return f"{formal[last].name}_{position - last}"
    return str(formal[position].name)
