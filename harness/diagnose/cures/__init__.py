"""The cures that can be applied without a person, and short trainings as their proof.

Private to `diagnose`.
"""
