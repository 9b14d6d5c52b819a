"""Layers that stand in for a network's own while it is run: without their activation, or with channels last."""

from __future__ import annotations

from typing import Any

import keras

from harness.prune.keras_graph.graph import Shape

L = keras.layers
_SPATIAL = (
    L.Conv1D, L.Conv2D, L.Conv3D, L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose,
    L.DepthwiseConv1D, L.DepthwiseConv2D, L.SeparableConv1D, L.SeparableConv2D,
    L.MaxPooling1D, L.MaxPooling2D, L.MaxPooling3D, L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D,
)  # fmt: skip


def without_activation(op: Any, shape: Shape) -> Any:
    """The same layer with no activation function, for an input of this shape."""
    twin = type(op).from_config({**op.get_config(), "activation": "linear"})
    twin.build(shape)
    return twin


def has_channels_first(op: Any) -> bool:
    """Whether this is a layer that the backend may not run as it is, since its channels come first."""
    backend = keras.backend.backend()
    return backend == "tensorflow" and isinstance(op, _SPATIAL) and op.data_format == "channels_first"


def turned_last(op: Any, shape: Shape) -> Any:
    """The same layer with channels last; `shape` is that of its input, channels first."""
    turned = type(op).from_config({**op.get_config(), "data_format": "channels_last"})
    turned.build((shape[0], *shape[2:], shape[1]))
    return turned


def channels_last(op: Any, x: Any, **kwargs: Any) -> Any:
    """What a layer with channels last makes of a tensor with channels first, again with channels first."""
    made = op(keras.ops.moveaxis(x, 1, -1), **kwargs)
    return keras.ops.moveaxis(made, -1, 1)
