"""Which layers keep channels whatever is asked, and why."""

from __future__ import annotations

from harness.channels.reasons import reasons_of
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.trace import Trace


def pinned(found: Trace) -> dict[str, str]:
    """The reason by the layer's path; also of layers whose own channels no rule tells apart."""
    reasons = reasons_of(found.channels)
    for path, op in found.graph.layers.items():
        stays = found.layers[path].stays
        if path in found.ruleless and weights_of(op):
            reasons.setdefault(path, f"{type(op).__name__} {found.ruleless[path]}")
        elif stays is not None and path not in found.channels.made:
            reasons.setdefault(path, stays)
    return reasons
