"""Raw `keras.ops` that work element by element, on one tensor or on several."""

from __future__ import annotations

import keras

from harness.channels.names import Names
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.activations import normalized_along
from harness.prune.keras_graph.rules.merging import merged, operand
from harness.prune.keras_graph.site import Site


@rule(
    "Absolute", "Cast", "Cbrt", "Ceil", "Celu", "Clip", "Copy", "Cos", "Elu", "Erf", "Exp", "Exp2", "Expm1", "Floor",
    "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "Identity", "Isfinite", "Isinf", "Isnan", "LeakyRelu",
    "Log", "Log10", "Log1p", "Log2", "LogSigmoid", "LogicalNot", "NanToNum", "Negative", "OnesLike", "Reciprocal",
    "Relu", "Relu6", "Round", "Rsqrt", "SaturateCast", "Selu", "Sigmoid", "Sign", "Silu", "Sin", "SoftShrink",
    "Softplus", "Softsign", "SparsePlus", "SparseSigmoid", "Sqrt", "Square", "Squareplus", "StopGradient", "Tan",
    "Tanh", "TanhShrink", "Threshold", "Trunc", "ZerosLike",
)  # fmt: skip
def elementwise(site: Site) -> Names:
    """Names pass."""
    return site.names[0]


@rule(
    "Add", "Arctan2", "Divide", "DivideNoNan", "Equal", "FloorDivide", "Greater", "GreaterEqual", "Hypot", "Less",
    "LessEqual", "Logaddexp", "LogicalAnd", "LogicalOr", "LogicalXor", "Maximum", "Minimum", "Mod", "Multiply",
    "NotEqual", "Power", "Subtract", "TrueDivide", "Where",
)  # fmt: skip
def merge(site: Site) -> Names:
    """Names that meet are unified. A constant with one value a channel has no channels, and so pins them."""
    operands = [operand(site, value) for value in keras.tree.flatten((site.call.args, dict(site.call.kwargs)))]
    rank = len(site.out_shape)
    if any(names.ndim != rank for names in site.names):
        return site.pin_all(f"'{site.call.path}' lines up tensors of different rank")[0]
    aligned = [names.reshape((1,) * (rank - names.ndim) + names.shape) for names in operands]
    return merged(site, aligned)


@rule("Softmax", "LogSoftmax", "Sparsemax", "Normalize", "Cumsum", "Cumprod")
def along_one_axis(site: Site) -> Names:
    """What lies along the axis is mixed; without an axis, everything is."""
    names = site.names[0]
    axis = getattr(site.op, "axis", None)
    axes = range(names.ndim) if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
    return normalized_along(site, names, tuple(axes), f"'{site.call.path}' mixes its channels")
