"""A network pruned until it is as fast as asked: widths by predicted latency, the last word by a measurement.

From outside: `reach`, by the wings of `prune` above.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
