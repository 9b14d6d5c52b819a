"""Structured pruning of Keras CNNs, with proof.

`plan` decides, `apply` acts, `verify` proves, `prune` does all three. Only Keras's public, backend-agnostic API is
used, and Keras's own record of a model's graph.
"""

from harness import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
from harness.prune.api import PruneResult, apply, plan, prune, replay
from harness.prune.registry import rule
from harness.prune.site import Site
from harness.prune.verify import verify
from harness.verbs import make_verb

__all__ = ["PruneResult", "Site", "apply", "plan", "prune", "replay", "rule", "verify"]

make_verb(__name__)
