"""Which channels go: importances, scores, the decision, and the plan that can be written down.

From outside: the wings of `prune` below the command; nothing else.
"""
