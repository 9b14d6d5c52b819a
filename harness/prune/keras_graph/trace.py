"""Send the names through the whole graph, one rule a call."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from harness.base.errors import PruneError
from harness.channels.channels import Channels
from harness.channels.names import Names, nameless
from harness.prune.keras_graph import rules  # noqa: F401  (registers the rules)
from harness.prune.keras_graph.graph import Graph
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.registry import rule_for
from harness.prune.keras_graph.site import LayerNames, Site, known


@dataclass(frozen=True)
class Trace:
    """A graph with names: those of every tensor, by its number, and those of every layer's weights, by its path.

    `ruleless` tells, by their paths, why the layers that no rule speaks of keep all their weights.
    """

    graph: Graph
    channels: Channels
    tensors: dict[int, Names]
    layers: dict[str, LayerNames]
    ruleless: dict[str, str] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        """Identifies the architecture that the names are those of."""
        return self.graph.digest()


def trace(model: keras.Model, keep: tuple[str, ...] = ()) -> Trace:
    """Name every channel of a model, and find which belong together and which must stay.

    Args:
        model: a built functional or Sequential model; it is only read.
        keep: paths of layers whose channels must stay.

    Raises:
        ModelError: the model is not built, or is subclassed.
        PruneError: `keep` names no layer, or a rule broke its promise.
    """
    graph = read_graph(model)
    found = Trace(graph, Channels(), {}, {path: LayerNames() for path in graph.layers})
    for index in graph.inputs:
        found.tensors[index] = nameless(known(graph.shapes[index]))
    for call in graph.calls:
        site = Site(call, found.layers[call.path], found.channels, graph.shapes)
        site.names = [found.tensors[index] for index in call.inputs]
        reason = _ruleless(call.op)
        if reason is not None:
            found.ruleless[call.path] = reason
        for index, names in zip(call.outputs, _outputs(site, reason), strict=True):
            found.tensors[index] = site.boxed(names)
            found.channels.see(names)
    for path, entries in graph.entries.items():
        for taken in entries[1:]:
            for first, other in zip(entries[0], taken, strict=True):
                reason = f"the model '{path}' is shared with a tensor without channels"
                found.channels.unify(found.tensors[first], found.tensors[other], reason)
    for index in graph.outputs:
        found.channels.pin(found.tensors[index], "the model's output", foremost=True)
    _keep(found, keep)
    return found


def _outputs(site: Site, ruleless: str | None) -> list[Names]:
    """The names that a call's rule gives its outputs, checked against their shapes."""
    rule = rule_for(site.op)
    kind = type(site.op).__name__
    if rule is None or ruleless is not None:
        names = site.pin_all(f"'{site.call.path}' ({kind}) {ruleless}")
    else:
        made = rule(site)
        names = list(made) if isinstance(made, list | tuple) else [made]
    shapes = [known(shape) for shape in site.out_shapes]
    if [np.shape(each) for each in names] != shapes:
        raise PruneError(
            f"the rule of {kind} gives names of shapes {[np.shape(each) for each in names]} to '{site.call.path}', "
            f"whose outputs have {shapes}; return one array of names for each output"
        )
    return names


def _ruleless(op: Any) -> str | None:
    """Why no rule speaks of this layer, or not of all the weights that it has now."""
    if getattr(op, "quantization_mode", None) is not None:
        return "is quantized: prune first, then quantize"
    if getattr(op, "lora_enabled", False):
        return "has LoRA weights: prune first, then enable them"
    return None if rule_for(op) is not None else "has no rule"


def _keep(found: Trace, keep: tuple[str, ...]) -> None:
    for path in keep:
        if path not in found.layers:
            raise PruneError(f"keep: there is no layer '{path}'; {_suggestion(found, path)}")
        for call in found.graph.calls:
            if call.path == path:
                for index in call.outputs:
                    found.channels.pin(found.tensors[index], f"kept as asked ('{path}')")


def _suggestion(found: Trace, path: str) -> str:
    close = difflib.get_close_matches(path, found.layers)
    if close:
        return f"did you mean {' or '.join(close)}?"
    known = list(found.channels.made)
    return f"those with channels are {', '.join(known[:6])}" + (f" and {len(known) - 6} more" if len(known) > 6 else "")
