"""Lengths as functions of widths, and widths that tell them apart."""

from __future__ import annotations

from harness.measure.latency.sizes import Axis
from harness.measure.latency.template import signature
from harness.prune.keras_graph.trace import trace
from harness.prune.price.axes import axes, telling_widths
from harness.prune.price.keras_network import lines
from tests.prune.nets import chain


def test_every_length_of_a_network_follows_its_groups() -> None:
    found = trace(chain())
    full = [len(group.channels) for group in found.channels.groups()]
    known = axes(found.channels, lines(found))
    lengths = {axis.length(full) for axis in known}
    assert {8, 6, 10, 24} <= lengths  # two convolutions, a Dense layer, and what Flatten makes of 2 x 2 x 6
    flat = next(axis for axis in known if axis.length(full) == 24)
    assert flat.length([2 if size == 6 else size for size in full]) == 8


def test_widths_are_found_that_tell_axes_of_equal_lengths_apart() -> None:
    alike = [Axis(0, ((group, 1),)) for group in range(6)]
    full = [8] * 6
    tries = telling_widths(alike, full, range(6))
    assert len({signature(axis, full, tries) for axis in alike}) == 6
