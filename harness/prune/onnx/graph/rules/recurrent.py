"""LSTM, GRU and RNN: channels of what they read go, and an LSTM's own units where it starts from zeros."""

from __future__ import annotations

import numpy as np

from harness.channels.names import Names, nameless
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site, known

STATES = (5, 6)  # the inputs that an LSTM starts from


@onnx_rule("GRU", "RNN")
def recurrent(site: Site) -> list[Names]:
    """Reads the channels along the last axis; every gate's kernel is (directions, gates x units, channels)."""
    ids = _read(site)
    site.weight(1, {2: ids})
    return _pinned(site)


@onnx_rule("LSTM")
def lstm(site: Site) -> list[Names]:
    """An LSTM whose units are channels: one whose state starts at zero and whose cell gets nothing stays at zero."""
    return _lstm(site, channels=2, gates=1)


@onnx_rule("DynamicQuantizeLSTM", domain="com.microsoft")
def quantized(site: Site) -> list[Names]:
    """The same with kernels of whole numbers, (directions, channels, gates x units)."""
    return _lstm(site, channels=1, gates=2)


def _read(site: Site) -> Names:
    return site.read(site.names[0], 2)


def _pinned(site: Site) -> list[Names]:
    """Names of outputs of a node whose own units stay."""
    site.stays("units of a recurrent node stay")
    for names in site.names[1:]:
        site.pin(names, f"'{site.path}' takes it as a state or weight")
    return [nameless(known(shape)) for shape in site.out_shapes]


def _lstm(site: Site, channels: int, gates: int) -> list[Names]:
    """Kernels have the `channels` read along one axis, and the units of all four `gates` along the other."""
    ids = _read(site)
    units = _units(site)
    if units is None:
        site.weight(1, {channels: ids})
        return _pinned(site)
    every = np.tile(units, 4)
    site.weight(1, {channels: ids, gates: every}, makes=gates)
    site.weight(2, {channels: units, gates: every}, makes=gates)
    site.weight(3, {1: np.tile(units, 8)}, role="offset")
    site.weight(7, {1: np.tile(units, 3)}, role="offset")
    site.setting("hidden_size", lambda removal: int(removal.kept(units).sum()))
    for index in STATES:
        if site.has(index):
            site.drop(index, units)
    site.state(units)
    return [_made(site, units, shape) for shape in site.out_shapes]


def _units(site: Site) -> Names | None:
    """The channels that the node makes, int32 (units,), the same in both directions; None where they must stay."""
    scales = [site.value(index) for index in range(8, 12)] if site.node.op_type == "DynamicQuantizeLSTM" else []
    one_each = all(held is None or held.size == len(held) for held in scales if held is not None and held.ndim)
    zeros = all(not site.has(index) or site.is_zero(index) for index in STATES)
    constant = all(site.value(index) is not None for index in (1, 2, 3, 7) if site.has(index))
    plain = not site.attribute("activations") and not site.has(4) and not site.attribute("layout", 0)
    if not (zeros and constant and plain and one_each and site.has(3)):
        return None
    return site.make(int(site.attribute("hidden_size")))


def _made(site: Site, units: Names, shape: tuple[int, ...]) -> Names:
    """Outputs have the units along their last axis: (steps, directions, N, units), or without the steps."""
    return np.broadcast_to(units, known(shape)) if shape else nameless(())
