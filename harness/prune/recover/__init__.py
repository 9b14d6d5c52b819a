"""Accuracy back: recalibration, fine-tuning, distillation, pruning in steps; baselines beside them.

From outside: `recovery`, `finetune`, `recalibrate`, `stepwise`, `accuracy`.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
