"""Which nodes keep channels whatever is asked, and why."""

from __future__ import annotations

from harness.channels.reasons import reasons_of
from harness.prune.onnx.graph.trace import Trace


def pinned(found: Trace) -> dict[str, str]:
    """The reason by the node's name; also of nodes that no rule speaks of, or whose own channels none tells apart."""
    reasons = {path: why for path, why in reasons_of(found.channels).items() if path not in found.notes.lent}
    for path, node in found.graph.nodes.items():
        if path in found.ruleless:
            reasons.setdefault(path, f"{node.op_type} {found.ruleless[path]}")
        elif path in found.notes.stays and path not in found.channels.made:
            reasons.setdefault(path, found.notes.stays[path])
    return reasons
