"""What a Keras network costs at any widths, on this machine: its files, timed and kept.

From outside: the wings of `prune` below the command; nothing else.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
