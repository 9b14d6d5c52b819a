"""Checks of what training left: signs that stand behind causes.

Private to the checks.
"""
