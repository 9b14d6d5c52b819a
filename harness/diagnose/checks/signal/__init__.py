"""Checks of the way forward: what becomes of the signal from layer to layer.

Private to the checks.
"""
