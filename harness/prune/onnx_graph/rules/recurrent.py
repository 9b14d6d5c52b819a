"""LSTM, GRU and RNN: channels of what they read go; their own units stay."""

from __future__ import annotations

from harness.channels.names import Names
from harness.prune.onnx_graph.registry import onnx_rule
from harness.prune.onnx_graph.site import Site


@onnx_rule("LSTM", "GRU", "RNN")
def recurrent(site: Site) -> list[Names]:
    """Reads the channels along the last axis; every gate's kernel is (directions, gates x units, channels)."""
    return _read(site, 2)


@onnx_rule("DynamicQuantizeLSTM", domain="com.microsoft")
def quantized(site: Site) -> list[Names]:
    """The same with kernels of whole numbers, (directions, channels, gates x units)."""
    return _read(site, 1)


def _read(site: Site, axis: int) -> list[Names]:
    ids = site.read(site.names[0], 2)
    site.weight(1, {axis: ids})
    for names in site.names[1:]:
        site.pin(names, f"'{site.path}' takes it as a state or weight")
    kept = site.names[0]
    site.names = site.names[1:]
    made = site.pin_all(f"'{site.path}' takes it as a state or weight")
    site.names = [kept, *site.names]
    site.stays("units of a recurrent node stay")
    return made
