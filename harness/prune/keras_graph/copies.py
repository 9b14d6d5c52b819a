"""Copies of a model: with new weights, with the same, or one that computes in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.reading import is_each_step, is_graph, read_graph
from harness.prune.keras_graph.surgery import rebuilt, rewrapped, uncompiled

L = keras.layers
Changed = Callable[[Any], Mapping[str, Any]]


def copied(model: keras.Model, changed: Changed | None = None) -> keras.Model:
    """A model of its own with the same weights.

    Args:
        model: what to copy; it is only read.
        changed: tells how a layer's configuration differs in the copy. A BatchNormalization may gain weights.
    """
    copy = _cloned(model, changed)
    _carry_over(model, copy)
    return copy


def renewed(model: keras.Model) -> keras.Model:
    """The same architecture with new weights. What a Normalization knows of the data stays: it is never trained."""
    copy = _cloned(model)
    _carry_over(model, copy, L.Normalization)
    return copy


def as_float64(model: keras.Model) -> keras.Model:
    """A copy that computes in float64."""
    return copied(model, lambda op: {"dtype": "float64"} if "dtype" in op.get_config() else {})


def _cloned(model: keras.Model, changed: Changed | None = None) -> keras.Model:
    inside: dict[int, Any] = {}  # a layer may be inside several wrappers

    def new(op: Any) -> Any:
        differences = changed(op) if changed else {}
        if not is_each_step(op):
            return rebuilt(op, differences)
        if id(op.layer) not in inside:
            inside[id(op.layer)] = _cloned(op.layer, changed) if is_graph(op.layer) else new(op.layer)
        return rewrapped(op, inside[id(op.layer)], differences)

    return keras.models.clone_model(uncompiled(model), clone_function=new, recursive=True)


def _carry_over(model: keras.Model, copy: keras.Model, kind: type[Any] = object) -> None:
    """Give the layers of a kind their weights."""
    for old, new in zip(read_graph(model).layers.values(), read_graph(copy).layers.values(), strict=True):
        if not isinstance(old, kind):
            continue
        sources, targets = weights_of(old), weights_of(new)
        if isinstance(old, L.BatchNormalization):
            names = [weight.name for weight in sources]
            targets = [weight for weight in targets if weight.name in names]
        for source, target in zip(sources, targets, strict=True):
            target.assign(keras.ops.cast(source.value, target.dtype))
        if isinstance(new, L.Normalization):
            new.finalize_state()
