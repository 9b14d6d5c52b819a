"""What the checks look at: passes over the copy, and short rehearsals of its training.

Private to `diagnose`.
"""
