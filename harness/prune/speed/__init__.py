"""A network pruned until it is as fast as asked: widths by predicted latency, the last word by a measurement.

From outside: `reach`, by the wings of `prune` above.
"""
