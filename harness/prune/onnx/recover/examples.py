"""The examples that a graph is reconstructed from, in batches, of which some are for judging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.base.errors import PruneError
from harness.prune.onnx.graph.graph import Array, Graph

BATCH = 16
LEAST_BATCHES = 10
JUDGING = 5  # every fifth batch


@dataclass(frozen=True)
class Examples:
    """Inputs by name and batch; nothing is solved from those that are `judged` until the ridge is chosen."""

    feeds: list[dict[str, Array]]
    count: int

    @classmethod
    def of(cls, graph: Graph, data: Mapping[str, Array], seed: int) -> Examples:
        """In an order drawn by the seed.

        Raises:
            PruneError: they are fewer than two batches, of different numbers, or not finite.
        """
        counts = {len(array) for array in data.values()}
        if len(counts) != 1:
            raise PruneError(f"reconstruction: {sorted(counts)} examples of the inputs; give as many of each")
        if not all(np.isfinite(array).all() for array in data.values() if array.dtype.kind == "f"):
            raise PruneError("reconstruction: the examples hold NaN or infinity; mend or remove those")
        count = counts.pop()
        size = graph.batch or max(1, min(BATCH, count // LEAST_BATCHES))
        order = np.random.default_rng(seed).permutation(count)
        places = [order[start : start + size] for start in range(0, count - size + 1, size)]
        if len(places) < 2:
            raise PruneError(f"reconstruction: {count} examples; give two batches of {size} or more, 1,500 are plenty")
        feeds = [{name: array[each] for name, array in data.items()} for each in places]
        return cls(feeds, len(places) * size)

    @property
    def judged(self) -> tuple[int, ...]:
        """The batches for judging."""
        return tuple(range(1, len(self.feeds), JUDGING))
