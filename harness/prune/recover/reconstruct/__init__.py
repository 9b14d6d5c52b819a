"""Kernels behind pruned channels, solved again in closed form on unlabelled examples, without training.

From outside: `reconstructing`; the rest is private.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
