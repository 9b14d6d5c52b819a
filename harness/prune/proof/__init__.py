"""The proof: the pruned network against the original with the same channels masked.

From outside: `verify` and `verdict`.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
