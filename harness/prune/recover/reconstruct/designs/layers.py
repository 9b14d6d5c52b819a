"""Which layers are linear in a kernel, and how."""

from __future__ import annotations

from typing import Any

import keras

from harness.prune.keras_graph.graph import Call, Graph, weights_of
from harness.prune.recover.reconstruct.designs.convolutions import Convolution, Depthwise, Separable, Transposed
from harness.prune.recover.reconstruct.designs.linear import Linear, UnsolvableError
from harness.prune.recover.reconstruct.designs.products import dense, einsum_dense

L = keras.layers
_CONVOLUTIONS: dict[type, type[Convolution]] = {
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D), Convolution),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), Transposed),
    **dict.fromkeys((L.DepthwiseConv1D, L.DepthwiseConv2D), Depthwise),
    **dict.fromkeys((L.SeparableConv1D, L.SeparableConv2D), Separable),
}
_PRODUCTS = {L.Dense: dense, L.EinsumDense: einsum_dense}
# What gives each channel a number of its own, or looks one up, mixes none.
_WITHOUT_KERNEL = (
    L.BatchNormalization, L.LayerNormalization, L.GroupNormalization, L.RMSNormalization, L.Normalization, L.PReLU,
    L.Embedding,
)  # fmt: skip


def has_kernel(op: Any) -> bool:
    """Whether this is a layer with weights that mix what it reads."""
    return bool(weights_of(op)) and not isinstance(op, _WITHOUT_KERNEL)


def linear(call: Call, graph: Graph) -> Linear:
    """How a call's layer is linear in its kernel. A subclass may compute something else, so it is not.

    Raises:
        UnsolvableError: it isn't, or it is not known how.
    """
    op = call.op
    if getattr(op, "quantization_mode", None) is not None:
        raise UnsolvableError(f"{type(op).__name__} is quantized")
    if getattr(op, "lora_enabled", False):
        raise UnsolvableError(f"{type(op).__name__} has LoRA weights")
    if type(op) in _CONVOLUTIONS:
        return _CONVOLUTIONS[type(op)](op)
    if type(op) in _PRODUCTS:
        return _PRODUCTS[type(op)](op, graph.shapes[call.inputs[0]], graph.shapes[call.outputs[0]])
    raise UnsolvableError(f"{type(op).__name__} has no closed form here")
