"""An order of a graph's nodes that depends on the graph alone, not on its names or on how the file was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx_ir as ir


def canonical_order(graph: ir.Graph) -> list[ir.Node]:
    """The nodes that the outputs need, each after the nodes it needs: depth first from the first output on.

    A node's inputs are visited in their order, then what its subgraphs take from this graph.
    """
    ordered: dict[ir.Node, None] = {}
    stack: list[tuple[ir.Node, Iterator[ir.Node]]] = []
    seen: set[ir.Node] = set()

    def enter(node: ir.Node) -> None:
        if node not in seen:
            seen.add(node)
            stack.append((node, _needed(node, graph)))

    for producer in _producers(graph.outputs, graph):
        enter(producer)
        while stack:
            node, needed = stack[-1]
            following = next(needed, None)
            if following is None:
                ordered[node] = None
                stack.pop()
            else:
                enter(following)
    return list(ordered)


def subgraphs(node: ir.Node) -> Iterator[tuple[str, ir.Graph]]:
    """A node's graph attributes, by name."""
    for name, attribute in sorted(node.attributes.items()):
        if attribute.type == ir.AttributeType.GRAPH:
            yield name, attribute.as_graph()
        elif attribute.type == ir.AttributeType.GRAPHS:
            for index, graph in enumerate(attribute.as_graphs()):
                yield f"{name}.{index}", graph


def _needed(node: ir.Node, graph: ir.Graph) -> Iterator[ir.Node]:
    """The nodes of `graph` that a node takes values from."""
    yield from _producers(node.inputs, graph)
    for _, subgraph in subgraphs(node):
        yield from _producers(subgraph.outputs, graph)
        for inner in subgraph:
            yield from _needed(inner, graph)


def _producers(values: Iterable[ir.Value | None], graph: ir.Graph) -> Iterator[ir.Node]:
    for value in values:
        producer = value.producer() if value is not None else None
        if producer is not None and producer.graph is graph:
            yield producer
