"""Operators on whole numbers that stand for others: beside each tensor its scale and its zero point are inputs.

Where channels are mixed, one that goes stands at the zero point, which adds exactly nothing.
"""

from __future__ import annotations

from harness.channels.names import Names, along, spread
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.rules.contraction import multiplied, with_offset
from harness.prune.onnx.graph.rules.convolution import convolved
from harness.prune.onnx.graph.rules.elementwise import cut_along, merged
from harness.prune.onnx.graph.rules.joining import joined
from harness.prune.onnx.graph.rules.normalization import mixed
from harness.prune.onnx.graph.site import Site

MICROSOFT = "com.microsoft"


@onnx_rule("QLinearConv")
def convolution(site: Site) -> Names | list[Names]:
    """Scales and zero points of the kernel, one for each filter, are cut with it."""
    site.zero(0, 2)
    return convolved(site, 3, bias=8, each=(4, 5))


@onnx_rule("QLinearMatMul")
def matmul(site: Site) -> Names | list[Names]:
    """The same for a product of two tensors; the second may have a scale for each column."""
    return _by_rows(site) or _with_columns(site, multiplied(site, 0, 3))


@onnx_rule("QGemm", domain=MICROSOFT)
def gemm(site: Site) -> Names | list[Names]:
    """The same with an offset."""
    return _by_rows(site) or _with_columns(site, with_offset(site, 0, 3, 6))


def _by_rows(site: Site) -> list[Names] | None:
    """Pinned where the first tensor has a scale for each row, which is not followed; else None."""
    rows = any(site.names[index].size > 1 for index in (1, 2))
    return site.pin_all(f"'{site.path}' has a scale for each row") if rows else None


def _with_columns(site: Site, made: Names | list[Names]) -> Names | list[Names]:
    """Scales and zero points of columns are cut with them."""
    if isinstance(made, list):
        return made
    for index, zero in ((0, 2), (3, 5)):
        site.zero(index, zero)
    for index in (4, 5):
        cut_along(site, index, made, "other")
    return made


@onnx_rule("QLinearAdd", "QLinearMul", domain=MICROSOFT)
def merge(site: Site) -> Names:
    """Element by element."""
    return merged(site, (0, 3))


@onnx_rule("QLinearConcat", domain=MICROSOFT)
def concat(site: Site) -> Names | list[Names]:
    """Every third input is a tensor."""
    return joined(site, range(2, len(site.names), 3))


@onnx_rule("QLinearLeakyRelu", "QLinearSigmoid", domain=MICROSOFT)
def elementwise(site: Site) -> Names:
    """Names pass."""
    return site.names[0]


@onnx_rule("QLinearAveragePool", "QLinearGlobalAveragePool", domain=MICROSOFT)
def pooling(site: Site) -> Names | list[Names]:
    """Pools every channel alone."""
    axis = -1 if site.attribute("channels_last", 0) else 1
    if site.others(site.names[0], axis):
        return site.pin_all(f"'{site.path}' pools over it")
    return spread(along(site.names[0], axis), site.out_shape, axis)


@onnx_rule("QLinearSoftmax", domain=MICROSOFT)
def softmax(site: Site) -> Names:
    """Mixes what lies along its axis; in the form of older opsets, along that and all behind it."""
    names = site.names[0]
    first = int(site.attribute("axis", -1)) % max(1, names.ndim)
    axes = range(first, names.ndim) if int(site.attribute("opset", 13)) < 13 else (first,)
    return mixed(site, names, axes, f"'{site.path}' normalises over its channels")
