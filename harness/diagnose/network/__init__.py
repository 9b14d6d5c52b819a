"""A copy of the user's network that can be looked into and trained, and what its parts are.

Private to `diagnose`.
"""
