"""A Keras model read as a graph of calls whose channels are named, and cut: rules by layer, surgery, cost.

`reading` makes the `graph`, `trace` sends names through it by the `rules`, `surgery` cuts. From outside: the other
wings of `prune`; studies ask `reading` and `graph` about a network, the command asks `pinned`.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
