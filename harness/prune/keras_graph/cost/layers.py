"""Multiply-accumulates of each layer of a graph for one example, from the shapes that Keras knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

from harness.prune.keras_graph.cost.operations import operation_macs
from harness.prune.keras_graph.cost.products import einsum_product, product
from harness.prune.keras_graph.graph import Call, Graph, Ref, Shape, weights_of
from harness.prune.keras_graph.steps import EachStep, Together
from harness.records import total

L = keras.layers
Counter = Callable[[Any, list[Shape], Shape], int | None]

# Weights of two axes and more that are looked up, or multiply element by element.
_NO_KERNELS = (L.Embedding, L.LayerNormalization, L.Normalization, L.PReLU, L.RMSNormalization)
# Layers that multiply without weights, or do what can't be seen.
_UNKNOWN = (
    *(L.AdditiveAttention, L.Attention, L.Lambda, L.MelSpectrogram, L.STFTSpectrogram),
    *(L.FlaxLayer, L.JaxLayer, L.TFSMLayer, L.TorchModuleWrapper),
)


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
    if kind in (L.MultiHeadAttention, L.GroupQueryAttention):
        return _heads(call.op, *_query_key_value(graph, call.args, call.kwargs))
    if kind is L.Attention:
        given = call.args[0] if call.args else call.kwargs["inputs"]
        return _attention(call.op, *_query_key_value(graph, tuple(given), {}))
    return layer_macs(call.op, [graph.shapes[index] for index in call.inputs], out)


def layer_macs(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """Of one call of a layer, on inputs of these shapes, with this first output."""
    kind = type(op)
    if kind in _COUNTERS:
        return _COUNTERS[kind](op, shapes, out)
    own = kind.__module__.split(".")[0] == "keras" and kind not in _UNKNOWN
    kernels = kind not in _NO_KERNELS and any(len(weight.shape) > 1 for weight in weights_of(op))
    return 0 if own and not kernels else None


def _at_every_output(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*_positions(op, out), _kernels(op)))


def _at_every_input(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*_positions(op, shapes[0]), _kernels(op)))


def _dense(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*out[1:-1], _kernels(op)))


def _einsum_dense(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return einsum_product(op.equation, [(1, *shapes[0][1:]), tuple(op.kernel.shape)])


def _dot(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*out[1:], shapes[0][op.axes if isinstance(op.axes, int) else op.axes[0]]))


def _recurrent(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """All kernels at every step; a cell of somebody's own is unknown."""
    cells = op.cell.cells if type(op.cell) is L.StackedRNNCells else [op.cell]
    if any(type(cell) not in (L.GRUCell, L.LSTMCell, L.SimpleRNNCell) for cell in cells):
        return None
    return product((shapes[0][1], sum(_kernels(cell) for cell in cells)))


def _recurrent_convolution(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """Both kernels at every step and position; the one for the state works at the output's size."""
    rank = op.cell.rank
    spatial = out[-rank:] if op.cell.data_format == "channels_first" else out[-1 - rank : -1]
    return product((shapes[0][1], *spatial, _kernels(op)))


def _both_ways(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return total(layer_macs(layer, shapes, out) for layer in (op.forward_layer, op.backward_layer))


def _spectral(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """The layer inside: its kernel is normalised in training alone."""
    return layer_macs(op.layer, shapes, out)


def _query_key_value(graph: Graph, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Shape, Shape, Shape]:
    """The shapes of an attention's operands: query, value and key, which is the value where there is none."""
    given = dict(zip(("query", "value", "key"), args, strict=False)) | dict(kwargs)
    key = given.get("key")
    operands = (given["query"], key if isinstance(key, Ref) else given["value"], given["value"])
    query, key, value = (graph.shapes[operand.index] for operand in operands)
    return query, key, value


def _heads(op: Any, query: Shape, key: Shape, value: Shape) -> int | None:
    """The projections at every position, and each head's products of all queries with the keys, and with the values."""
    positions = [product(shape[1:-1]) for shape in (query, key, value, query)]
    sizes = [_kernels(op, f"{name}/kernel") for name in ("query", "key", "value", "attention_output")]
    if type(op) is L.GroupQueryAttention:
        heads, width, axes = op.num_query_heads, 2 * op.head_dim, None
    else:
        heads, width, axes = op.num_heads, op.key_dim + op.value_dim, op.get_config()["attention_axes"]
    attended = (key[axis] for axis in axes) if axes else key[1:-1]
    counts = [product(pair) for pair in zip(positions, sizes, strict=True)]
    counts.append(product((positions[0], *attended, heads, width)))
    return total(counts)


def _attention(op: Any, query: Shape, key: Shape, value: Shape) -> int | None:
    """All queries with all keys, and those with the values; unknown where the scores are no products."""
    if op.score_mode != "dot" or query[-1] is None or value[-1] is None:
        return None
    return product((*query[1:-1], *key[1:-1], query[-1] + value[-1]))


def _positions(op: Any, shape: Shape) -> Shape:
    """The places of a convolution's output, or input."""
    return shape[2:] if op.data_format == "channels_first" else shape[1:-1]


def _kernels(op: Any, ending: str = "kernel") -> int:
    """The size of all weights whose path ends so: `kernel`, `recurrent_kernel`, `depthwise_kernel` ..."""
    return sum(math.prod(weight.shape) for weight in weights_of(op) if weight.path.endswith(ending))


_COUNTERS: Mapping[type, Counter] = {
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D, L.DepthwiseConv1D, L.DepthwiseConv2D), _at_every_output),
    **dict.fromkeys((L.SeparableConv1D, L.SeparableConv2D), _at_every_output),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), _at_every_input),
    **dict.fromkeys((L.GRU, L.LSTM, L.RNN, L.SimpleRNN), _recurrent),
    **dict.fromkeys((L.ConvLSTM1D, L.ConvLSTM2D, L.ConvLSTM3D), _recurrent_convolution),
    L.Bidirectional: _both_ways,
    L.Dense: _dense,
    L.Dot: _dot,
    L.EinsumDense: _einsum_dense,
    L.SpectralNormalization: _spectral,
}
