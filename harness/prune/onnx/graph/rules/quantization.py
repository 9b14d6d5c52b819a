"""Whole numbers for floats and back: names pass, scales for each channel follow."""

from __future__ import annotations

from harness.channels.names import Names
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site


@onnx_rule("QuantizeLinear", "DequantizeLinear")
def quantized(site: Site) -> Names | list[Names]:
    """Names pass; a scale and a zero point for each place along the axis are cut with it."""
    names = site.names[0]
    if site.attribute("block_size", 0):
        return site.pin_all(f"'{site.path}' has scales for blocks of it")
    axis = int(site.attribute("axis", 1)) if names.ndim else 0
    for index in (1, 2):
        held = site.value(index)
        if held is not None and held.size > 1:
            site.weight(index, {0: site.channels(names, axis)}, role="other")
        elif held is None and site.has(index) and site.names[index].size > 1:
            site.pin(names, f"'{site.path}' computes its scales")
    return names


@onnx_rule("DynamicQuantizeLinear")
def dynamically_quantized(site: Site) -> list[Names]:
    """Names pass. The scale is between the whole tensor's extremes and zero, so a channel of zeros changes none."""
    return site.carried(site.names[0])
