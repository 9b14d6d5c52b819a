"""Checks of what is learned from: numbers, labels, scales, shapes.

Private to the checks.
"""
