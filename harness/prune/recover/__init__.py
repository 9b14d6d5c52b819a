"""Accuracy back: recalibration, fine-tuning, distillation, pruning in steps; baselines beside them.

From outside: `recovery`, `finetune`, `recalibrate`, `stepwise`, `accuracy`.
"""
