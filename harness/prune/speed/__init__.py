"""Widths chosen such that a network is as fast as asked: by predicted latency, the last word by a measurement.

Of any `price.network.Network`, and so without Keras. From outside: `reach`, by the wings of `prune` above.
"""
