"""Multiply-accumulates of each layer of a graph for one example, from the shapes that Keras knows."""

from __future__ import annotations

from harness.prune.keras_graph.cost.attention import ATTENTIONS, attention_macs
from harness.prune.keras_graph.cost.layers import layer_macs
from harness.prune.keras_graph.cost.operations import operation_macs
from harness.prune.keras_graph.cost.products import product
from harness.prune.keras_graph.graph import Call, Graph
from harness.prune.keras_graph.steps import EachStep, Together


def macs(graph: Graph) -> dict[str, int | None]:
    """Multiply-accumulates for one example by layer, over all its calls; None where they are unknown.

    Counted are convolutions, Dense, EinsumDense, Dot, recurrent layers, attention by products, and the matrix products
    of `keras.ops`. Biases, activations and normalisation are not, as is the custom. Unknown are layers that aren't
    Keras's own, others with kernels, and what a size is missing for.
    """
    counts: dict[str, int | None] = dict.fromkeys(graph.layers, 0)
    for call in graph.calls:
        before, once = counts[call.path], _call_macs(graph, call)
        now = product((call.times, once)) if once else once
        counts[call.path] = None if before is None or now is None else before + now
    return counts


def _call_macs(graph: Graph, call: Call) -> int | None:
    kind = type(call.op)
    if kind in (EachStep, Together):
        return 0
    out = graph.shapes[call.outputs[0]]
    if kind.__module__.startswith("keras.src.ops."):
        return operation_macs(graph, call, out)
    if kind in ATTENTIONS:
        return attention_macs(graph, call)
    return layer_macs(call.op, [graph.shapes[index] for index in call.inputs], out)
