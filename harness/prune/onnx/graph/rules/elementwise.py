"""Operators that work on each element alone: what they line up is unified, constants are cut with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.channels.names import NO_CHANNEL, Names, along, compact, nameless, spread, varying_axes
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Role, Site

ROLES: dict[str, Role] = {
    "Add": "offset", "Sub": "offset", "Sum": "offset", "Mul": "factor", "PRelu": "factor", "Div": "positive",
}  # fmt: skip


@onnx_rule(
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "CastLike", "Ceil", "Celu", "Clip",
    "Cos", "Cosh", "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf",
    "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
)  # fmt: skip
def elementwise(site: Site) -> list[Names]:
    """Names pass."""
    names = site.names[0]
    return [names if np.shape(names) == shape else nameless(shape) for shape in map(tuple, site.out_shapes)]


@onnx_rule("FusedConv", "QuickGelu", "FastGelu", "BiasGelu", "Gelu", domain="com.microsoft")
def microsofts(site: Site) -> Names | list[Names]:
    """Onnxruntime's own forms of the same."""
    if site.node.op_type in ("QuickGelu", "Gelu"):
        return site.names[0]
    return site.pin_all(f"'{site.path}' is fused; export the model without onnxruntime's optimisations")


@onnx_rule(
    "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor",
)  # fmt: skip
def merge(site: Site) -> Names:
    """Element by element; tensors of fewer axes are lined up from the last one."""
    return merged(site, range(len(site.names)))


def merged(site: Site, indices: Sequence[int]) -> Names:
    """Unify the names that meet, element by element, and cut the constants that have one value for each channel.

    A single channel that is stretched over the channels of another tensor meets all of them: it is pinned, and they
    stay apart. A tensor without channels that is stretched over them is like a number.
    """
    shape = site.out_shape
    lined = {index: _lined(site.names[index], len(shape)) for index in indices if not site.is_constant(index)}
    met = {}
    for index, names in lined.items():
        stretched = {axis for axis, size in enumerate(names.shape) if size == 1 and shape[axis] > 1}
        others = {axis for i, other in lined.items() if i != index for axis in site.varying(other)}
        if not stretched & others:
            met[index] = names
        elif (names != NO_CHANNEL).any():
            site.pin(names, f"'{site.path}' stretches it over the channels of another tensor")
    result = nameless((1,) * len(shape))
    first = next(iter(met.values()), result)
    for names in met.values():
        site.unify(first, names, f"'{site.path}' lines it up with no channel")
        small = compact(names)
        result = np.where(result == NO_CHANNEL, small, result)
    if all(names.size == 1 for names in lined.values()):
        result = _lent(site, indices, result)
    for index in indices:
        if site.is_constant(index):
            cut_along(site, index, np.broadcast_to(result, shape), ROLES.get(site.node.op_type, "other"))
    return np.broadcast_to(result, shape)


def _lent(site: Site, indices: Sequence[int], result: Names) -> Names:
    """Names for a constant's numbers that meet a single one, as where biases are quantized on the way."""
    shape = site.out_shape
    long = [axis for axis, size in enumerate(shape) if size > 1]
    if len(long) != 1 or not any(site.is_constant(index) for index in indices):
        return result
    return spread(site.lend(shape[long[0]]), shape, long[0])


def _lined(names: Names, rank: int) -> Names:
    """The same names with as many axes as the output has."""
    return names.reshape((1,) * (rank - names.ndim) + names.shape)


def cut_along(site: Site, index: int, names: Names, role: Role) -> None:
    """Cut a constant that is lined up with these names from the last axis."""
    constant = site.names[index].shape
    axes = {}
    for axis in varying_axes(site.find(names)):
        own = axis - names.ndim + len(constant)
        if own >= 0 and constant[own] == names.shape[axis]:
            axes[own] = along(names, axis)
    if axes:
        site.weight(index, axes, role=role)
