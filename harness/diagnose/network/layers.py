"""What kinds of layers there are, for the questions that the checks ask."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

_layers = keras.layers

# Layers with weights that may hold an activation of their own.
FUSED = (
    _layers.Dense,
    _layers.EinsumDense,
    _layers.Conv1D,
    _layers.Conv2D,
    _layers.Conv3D,
    _layers.Conv1DTranspose,
    _layers.Conv2DTranspose,
    _layers.Conv3DTranspose,
    _layers.DepthwiseConv1D,
    _layers.DepthwiseConv2D,
    _layers.SeparableConv1D,
    _layers.SeparableConv2D,
)
DEPTHWISE = (_layers.DepthwiseConv1D, _layers.DepthwiseConv2D)
# Layers whose output does not depend on the scale of what they take.
NORMALIZING = (_layers.BatchNormalization, _layers.LayerNormalization, _layers.GroupNormalization)
# Layers that only move, copy, average or scale: two linear layers with these between are one linear layer.
LINEAR = (
    _layers.BatchNormalization,
    _layers.Flatten,
    _layers.Reshape,
    _layers.Permute,
    _layers.Dropout,
    _layers.SpatialDropout2D,
    _layers.AveragePooling2D,
    _layers.GlobalAveragePooling2D,
    _layers.ZeroPadding2D,
    _layers.Cropping2D,
    _layers.UpSampling2D,
    _layers.Rescaling,
    _layers.Identity,
)
# Activations whose output has a floor or a ceiling.
BOUNDED = frozenset(
    {"relu", "relu6", "clip", "sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softmax", "softplus", "softsign"}
)
# Activations that give zero, with no gradient, for everything below zero.
RECTIFYING = frozenset({"relu", "relu6"})

_CLASSES = {
    "Softmax": "softmax",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    # Raw operations of keras.ops, by the class that Keras makes of each.
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "HardSigmoid": "hard_sigmoid",
    "Tanh": "tanh",
    "HardTanh": "hard_tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Clip": "clip",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Selu": "selu",
    "Gelu": "gelu",
    "Silu": "silu",
}


def activation_name(layer: Any) -> str | None:
    """The activation function that a layer or operation is; None for anything else."""
    if isinstance(layer, _layers.Activation):
        function = layer.activation
        return activation_name(function) or str(getattr(function, "__name__", type(function).__name__))
    if isinstance(layer, _layers.ReLU):
        if layer.negative_slope:
            return "leaky_relu"
        return "relu" if layer.max_value is None else "relu6"
    return _CLASSES.get(type(layer).__name__)


def is_linear(layer: Any, activation: str | None) -> bool:
    """Whether a call without a kernel of its own leaves a linear function linear."""
    return activation == "linear" or (activation is None and isinstance(layer, LINEAR))


def kernel_shape(layer: Any) -> tuple[int, ...] | None:
    """The shape of a Dense layer's or convolution's kernel; None for other layers."""
    if not isinstance(layer, FUSED):
        return None
    kernels = [tuple(weight.shape) for weight in layer.weights if len(weight.shape) >= 2]
    return kernels[0] if kernels else None


def multiply_accumulates(layer: Any, shape: tuple[int, ...]) -> int:
    """About how many a layer needs for one example, whose output has this shape.

    Each weight of a kernel is used once for each position of the output.
    """
    kernels = sum(math.prod(weight.shape) for weight in getattr(layer, "weights", ()) if len(weight.shape) >= 2)
    channels_first = getattr(layer, "data_format", None) == "channels_first"
    return int(kernels) * math.prod(shape[1:] if channels_first else shape[:-1])


def has_moved(layer: Any) -> bool:
    """Whether a layer has weights that are not zero although they began there."""
    names = {"bias": "bias_initializer", "moving_mean": "moving_mean_initializer", "beta": "beta_initializer"}
    for name, initializer in names.items():
        weight = getattr(layer, name, None)
        begins_at_zero = isinstance(getattr(layer, initializer, None), keras.initializers.Zeros)
        if weight is not None and begins_at_zero and np.any(keras.ops.convert_to_numpy(weight)):
            return True
    return False
