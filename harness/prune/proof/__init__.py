"""The proof: the pruned network against the original with the same channels masked.

From outside: `verify` and `verdict`.
"""
