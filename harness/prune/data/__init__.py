"""The data a prune is given: whether examples and labels fit a network, and which loss they call for.

From outside: `losses`; the rest is for the other wings of `prune`.
"""
