"""A Keras model read as a graph of calls whose channels are named, and cut: rules by layer, surgery, cost.

From outside: the other wings of `prune` import it; `fitting` and `graph` are also asked whether data fit.
"""
