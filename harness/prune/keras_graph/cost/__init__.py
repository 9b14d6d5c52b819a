"""Parameters and multiply-accumulates of a graph, before and after.

From outside: `saved`.
"""
