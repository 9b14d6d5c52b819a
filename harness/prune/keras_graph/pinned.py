"""Which layers keep channels whatever is asked, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.trace import Trace


def pinned(found: Trace) -> dict[str, str]:
    """The reason by the layer's path; also of layers whose own channels no rule tells apart."""
    reasons: dict[str, str] = {}
    for group in found.channels.groups():
        together = "its channels stand or fall together" if len(group.channels) == 1 else None
        reason = group.pinned or together
        if reason is not None:
            for maker in group.makers:
                reasons.setdefault(maker, reason)
    for path, op in found.graph.layers.items():
        stays = found.layers[path].stays
        if path in found.ruleless and weights_of(op):
            reasons.setdefault(path, f"{type(op).__name__} {found.ruleless[path]}")
        elif stays is not None and path not in found.channels.made:
            reasons.setdefault(path, stays)
    return reasons


def by_reason(reasons: Mapping[str, str]) -> list[str]:
    """The layers that had to keep channels, those of one reason together: `a, b and 3 more (the model's output)`."""
    layers: dict[str, list[str]] = {}
    for layer, reason in reasons.items():
        layers.setdefault(reason, []).append(layer)
    return [f"{listed(those)} ({reason})" for reason, those in layers.items()]


def listed(layers: Sequence[str]) -> str:
    """The first four layers, and how many more there are."""
    return ", ".join(layers[:4]) + (f" and {len(layers) - 4} more" if len(layers) > 4 else "")
