"""Random weights for a graph, drawn by what the rules say that they do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Array, Graph, constant
from harness.prune.onnx.graph.site import Cut
from harness.prune.onnx.graph.surgery import sliced
from harness.prune.onnx.graph.trace import Trace

SMALL = 0.3
ORDER = ("kernel", "offset", "positive", "factor", "other")


def random_values(found: Trace, removal: Removal, seed: int, gain: float = 1.0) -> dict[str, Array]:
    """Random values for the constants that rules speak of, by name: kernels for ReLU, and factors around one.

    The scale of a kernel is that of the cut one, which adds up fewer inputs. Whole numbers and constants whose part is
    not known keep their values, in another order.
    """
    generator = np.random.default_rng(seed)
    values: dict[str, Array] = {}
    for cut in sorted(found.notes.cuts, key=lambda each: ORDER.index(each.role)):
        value = found.graph.nodes[cut.node].inputs[cut.index]
        held = constant(value)
        if value is None or held is None or str(value.name) in values:
            continue
        values[str(value.name)] = _drawn(generator, held, cut, removal, gain)
    return values


def _drawn(generator: np.random.Generator, held: Array, cut: Cut, removal: Removal, gain: float) -> Array:
    if held.dtype.kind != "f" or cut.role == "other":
        return generator.permutation(held.ravel()).reshape(held.shape)
    if cut.role == "kernel":
        small = sliced(held, cut.axes, removal)
        fan_in = max(1, small.size // max(1, small.shape[-1 if cut.makes is None else cut.makes]))
        drawn = generator.standard_normal(held.shape) * gain * math.sqrt(2 / fan_in)
    elif cut.role == "offset":
        drawn = generator.standard_normal(held.shape) * SMALL
    else:
        drawn = generator.uniform(0.5, 1.5, held.shape)
    return drawn.astype(held.dtype)


def own_values(found: Trace, gain: float) -> dict[str, Array]:
    """The kernels as they are, times a gain."""
    values = {}
    for cut in found.notes.cuts:
        value = found.graph.nodes[cut.node].inputs[cut.index]
        held = constant(value)
        if cut.role == "kernel" and value is not None and held is not None and held.dtype.kind == "f":
            values[str(value.name)] = (held * gain).astype(held.dtype)
    return values


def with_values(graph: Graph, values: Mapping[str, Array]) -> Graph:
    """A copy of a graph whose constants hold other values."""
    model = graph.model.clone()
    for name, array in values.items():
        model.graph.initializers[name].const_value = ir.Tensor(np.array(array, order="C"), name=name)
    return replace(graph, model=model)


def shuffled_values(found: Trace, removal: Removal, seed: int, gain: float = 1.0) -> dict[str, Array]:
    """The constants' own values in another order: networks without normalisation carry a signal with these alone."""
    generator = np.random.default_rng(seed)
    del removal
    values: dict[str, Array] = {}
    for cut in found.notes.cuts:
        value = found.graph.nodes[cut.node].inputs[cut.index]
        held = constant(value)
        if value is not None and held is not None and str(value.name) not in values:
            mixed = generator.permutation(held.ravel()).reshape(held.shape)
            scaled = cut.role == "kernel" and held.dtype.kind == "f"
            values[str(value.name)] = (mixed * gain).astype(held.dtype) if scaled else mixed
    return values
