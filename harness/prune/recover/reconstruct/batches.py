"""The examples that a network is reconstructed from, in batches, of which some are for judging."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.prune.data.fitting import check_examples
from harness.prune.keras_graph.graph import Graph, Shape
from harness.prune.recover.reconstruct.designs.linear import Array

LEAST_BATCHES = 10
JUDGING = 5  # every fifth batch
BATCH = 128
LOOKED_AT = 256  # examples
VALUES_AT_ONCE = 2_000_000  # of a batch's inputs


@dataclass(frozen=True)
class Batches:
    """An array for each input of the model, and the examples of each batch, by their places in there."""

    inputs: list[Array]
    places: list[npt.NDArray[np.intp]]

    @classmethod
    def of(cls, graph: Graph, inputs: Sequence[Array], seed: int) -> Batches:
        """In an order drawn by the seed, so that every batch is a sample of all.

        As large as fits, and at least ten if there are as many examples; where the model says how large, so large.

        Raises:
            PruneError: the examples don't fit the model, are not numbers that are finite, or too few.
        """
        arrays = [np.asarray(each) for each in inputs]
        shapes = [graph.shapes[index] for index in graph.inputs]
        check_enough(shapes, arrays)
        count = len(arrays[0])
        stated = next((shape[0] for shape in shapes if shape[0]), None)
        size = stated or min(_fitting(arrays), max(1, count // LEAST_BATCHES))
        starts = range(0, count - size + 1 if stated else count, size)
        if len(starts) < 2:
            raise PruneError(f"reconstruction: {count} examples; the model takes {size} at a time, give two batches")
        order = np.random.default_rng(seed).permutation(count)
        return cls(arrays, [order[start : start + size] for start in starts])

    def __len__(self) -> int:
        return len(self.places)

    def part(self, batch: int, number: int) -> Array:
        """The examples of a batch, for one of the model's inputs."""
        return self.inputs[number][self.places[batch]]

    def parts(self, batch: int) -> list[Array]:
        """The same for all of its inputs."""
        return [self.part(batch, number) for number in range(len(self.inputs))]

    @property
    def judged(self) -> tuple[int, ...]:
        """The batches that nothing is solved from until it is judged."""
        return tuple(range(1, len(self.places), JUDGING))

    @property
    def looked_at(self) -> tuple[int, ...]:
        """Those that tell where the networks differ: those for judging, and more where these are few."""
        others = (batch for batch in range(len(self.places)) if batch not in self.judged)
        found = list(self.judged)
        while sum(len(self.places[batch]) for batch in found) < LOOKED_AT and len(found) < len(self.places):
            found.append(next(others))
        return tuple(found)

    @property
    def examples(self) -> int:
        """How many there are in all batches."""
        return sum(map(len, self.places))


def check_enough(shapes: Sequence[Shape], arrays: Sequence[Array]) -> None:
    """Raise PruneError unless there are two or more finite examples for each of the inputs' shapes."""
    if not arrays:
        raise PruneError("reconstruction: needs examples; give them, as data=images or --data NAME")
    check_examples([(None, *shape[1:]) for shape in shapes], arrays)
    counts = {len(each) for each in arrays}
    if len(counts) > 1:
        raise PruneError(f"reconstruction: {sorted(counts)} examples of the model's inputs; give as many of each")
    if min(counts) < 2:
        raise PruneError(f"reconstruction: {min(counts)} examples; give two or more, 1,500 are plenty")
    if not all(np.isfinite(each).all() for each in arrays):
        raise PruneError("reconstruction: the examples hold NaN or infinity; mend or remove those")


def _fitting(arrays: Sequence[Array]) -> int:
    """How many examples go into one batch."""
    values = sum(math.prod(each.shape[1:]) for each in arrays)
    return max(8, min(BATCH, VALUES_AT_ONCE // max(values, 1)))
