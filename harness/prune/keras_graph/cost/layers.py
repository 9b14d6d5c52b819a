"""Multiply-accumulates of one call of a layer, by its kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

from harness.prune.keras_graph.cost.products import einsum_product, product
from harness.prune.keras_graph.graph import Shape, weights_of
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


def layer_macs(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """Of one call of a layer, on inputs of these shapes, with this first output."""
    kind = type(op)
    if kind in _COUNTERS:
        return _COUNTERS[kind](op, shapes, out)
    own = kind.__module__.split(".")[0] == "keras" and kind not in _UNKNOWN
    kernels = kind not in _NO_KERNELS and any(len(weight.shape) > 1 for weight in weights_of(op))
    return 0 if own and not kernels else None


def _at_every_output(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*_positions(op, out), kernel_weights(op)))


def _at_every_input(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*_positions(op, shapes[0]), kernel_weights(op)))


def _dense(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*out[1:-1], kernel_weights(op)))


def _einsum_dense(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return einsum_product(op.equation, [(1, *shapes[0][1:]), tuple(op.kernel.shape)])


def _dot(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return product((*out[1:], shapes[0][op.axes if isinstance(op.axes, int) else op.axes[0]]))


def _recurrent(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """All kernels at every step; a cell of somebody's own is unknown."""
    cells = op.cell.cells if type(op.cell) is L.StackedRNNCells else [op.cell]
    if any(type(cell) not in (L.GRUCell, L.LSTMCell, L.SimpleRNNCell) for cell in cells):
        return None
    return product((shapes[0][1], sum(kernel_weights(cell) for cell in cells)))


def _recurrent_convolution(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """Both kernels at every step and position; the one for the state works at the output's size."""
    rank = op.cell.rank
    spatial = out[-rank:] if op.cell.data_format == "channels_first" else out[-1 - rank : -1]
    return product((shapes[0][1], *spatial, kernel_weights(op)))


def _both_ways(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    return total(layer_macs(layer, shapes, out) for layer in (op.forward_layer, op.backward_layer))


def _spectral(op: Any, shapes: list[Shape], out: Shape) -> int | None:
    """The layer inside: its kernel is normalised in training alone."""
    return layer_macs(op.layer, shapes, out)


def _positions(op: Any, shape: Shape) -> Shape:
    """The places of a convolution's output, or input."""
    return shape[2:] if op.data_format == "channels_first" else shape[1:-1]


def kernel_weights(op: Any, ending: str = "kernel") -> int:
    """How many weights there are whose path ends so: `kernel`, `recurrent_kernel`, `depthwise_kernel` ..."""
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
