"""Structured pruning of Keras CNNs and of ONNX files, with proof.

`plan` decides, `apply` acts, `verify` proves, `prune` does all three. Only Keras's public, backend-agnostic API is
used, and Keras's own record of a model's graph. What is here is imported when it is first used, so that pruning an ONNX
file imports no Keras.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.base.verbs import make_verb

if TYPE_CHECKING:
    from harness.prune.api import apply, plan, replay
    from harness.prune.either import prune, verify
    from harness.prune.keras_graph.registry import rule
    from harness.prune.keras_graph.site import Site
    from harness.prune.onnx.graph.registry import onnx_rule
    from harness.prune.result import PruneResult

__all__ = ["PruneResult", "Site", "apply", "onnx_rule", "plan", "prune", "replay", "rule", "verify"]

_WHERE = {
    "PruneResult": "result",
    "Site": "keras_graph.site",
    "apply": "api",
    "onnx_rule": "onnx.graph.registry",
    "plan": "api",
    "prune": "either",
    "replay": "api",
    "rule": "keras_graph.registry",
    "verify": "either",
}
_WITHOUT_KERAS = ("prune", "verify", "onnx_rule")


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        if name not in _WITHOUT_KERAS:
            from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


make_verb(__name__)
