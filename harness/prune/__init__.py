"""Structured pruning of Keras CNNs, with proof.

`plan` decides, `apply` acts, `verify` proves, `prune` does all three. Only Keras's public, backend-agnostic API is
used, and Keras's own record of a model's graph.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
from harness.base.verbs import make_verb
from harness.prune.api import apply, plan, prune, replay
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site
from harness.prune.proof.verify import verify
from harness.prune.result import PruneResult

__all__ = ["PruneResult", "Site", "apply", "plan", "prune", "replay", "rule", "verify"]

make_verb(__name__)
