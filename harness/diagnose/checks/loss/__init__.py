"""Checks of the loss, and of the way back: logits, penalties, gradients, steps.

Private to the checks.
"""
