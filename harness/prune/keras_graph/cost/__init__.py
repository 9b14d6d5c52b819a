"""Parameters and multiply-accumulates of a graph, before and after.

From outside: `report`. It asks `macs`, which asks `layers`, `attention` and `operations`.
"""
