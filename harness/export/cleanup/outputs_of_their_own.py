"""Let each graph make each of its outputs itself, and once."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from harness.export.node_order import subgraphs


class OutputsOfTheirOwn(ir.passes.InPlacePass):
    """Put an Identity where an output is another one too, or where a graph inside a node gives out an outer value.

    ONNX Runtime refuses both; the elimination of identities leaves them.

    Requires: nothing.
    Ensures: the outputs of every graph are different values, and those of a graph inside a node are made in it.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Add an Identity for each output that is not the graph's own; modified where there was one."""
        found = [place for graph in _graphs(model.graph) for place in _foreign(graph, model.graph)]
        for graph, index in found:
            value = graph.outputs[index]
            node = ir.node("Identity", [value])
            own = node.outputs[0]
            own.name, own.shape, own.type = f"{value.name}_own_{index}", value.shape, value.type
            graph.append(node)
            graph.outputs[index] = own
        return ir.passes.PassResult(model, bool(found))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where an output is still another's."""
        for graph in _graphs(model.graph):
            for _, index in _foreign(graph, model.graph):
                raise ir.passes.PostconditionError(f"output {index} of {graph.name} is not its own")


def _graphs(graph: ir.Graph) -> Iterator[ir.Graph]:
    """A graph and those inside its nodes."""
    yield graph
    for node in graph:
        for _, inner in subgraphs(node):
            yield from _graphs(inner)


def _foreign(graph: ir.Graph, main: ir.Graph) -> Iterator[tuple[ir.Graph, int]]:
    """The graph's outputs that are earlier outputs too or, inside a node, come from outside."""
    for index, value in enumerate(graph.outputs):
        producer = value.producer()
        made_here = producer is not None and producer.graph is graph
        if value in graph.outputs[:index] or not (made_here or graph is main):
            yield graph, index
