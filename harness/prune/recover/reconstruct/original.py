"""What the original gives: where the cut network gives something else, and what is wanted of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np

from harness.channels.removal import Removal
from harness.prune.keras_graph.trace import Trace
from harness.prune.recover.reconstruct.batches import Batches
from harness.prune.recover.reconstruct.exactness import tolerance
from harness.prune.recover.reconstruct.linear import Array
from harness.prune.recover.reconstruct.network import Network, to_numpy
from harness.prune.recover.reconstruct.rows import left_of, places_left


@dataclass
class Differences:
    """How far the cut network is from the original before anything is solved, on images for judging.

    `energy` and `missed` are the sums of squares of what the original gives, and of what the cut network misses of
    it, by tensor; `outputs` are the original's, by batch.
    """

    energy: dict[int, float] = field(default_factory=dict)
    missed: dict[int, float] = field(default_factory=dict)
    dtypes: dict[int, str] = field(default_factory=dict)
    outputs: dict[int, list[Array]] = field(default_factory=dict)

    def differs(self, tensor: int) -> bool:
        """Whether a tensor is another in the cut network by more than rounding, apart from what was removed of it."""
        return not self.missed[tensor] <= tolerance(self.dtypes[tensor]) ** 2 * self.energy[tensor]

    def share(self, tensors: Iterable[int]) -> float:
        """The share of the squares of some tensors that the cut network misses."""
        indices = list(tensors)
        return sum(self.missed[index] for index in indices) / (sum(self.energy[index] for index in indices) or 1.0)

    def see(self, tensor: int, theirs: Array, ours: Array) -> None:
        """Count a batch."""
        wanted = theirs.astype(np.float64)
        self.energy[tensor] = self.energy.get(tensor, 0.0) + float(np.square(wanted).sum())
        self.missed[tensor] = self.missed.get(tensor, 0.0) + float(np.square(wanted - ours).sum())


def differences(found: Trace, removal: Removal, original: Network, cut: Network, batches: Batches) -> Differences:
    """Run both networks beside each other over the batches for judging."""
    graph = original.graph
    seen = Differences(dtypes={index: keras.backend.standardize_dtype(each) for index, each in graph.dtypes.items()})
    for batch in batches.judged:
        inputs = batches.part(batch)
        theirs, ours = original.begun(inputs), cut.begun(inputs)
        end = len(graph.calls)
        for number, _ in zip(original.steps(theirs, 0, end), cut.steps(ours, 0, end), strict=True):
            for mine, other in zip(graph.calls[number].outputs, cut.graph.calls[number].outputs, strict=True):
                kept = places_left(removal, found.tensors[mine])
                seen.see(mine, left_of(to_numpy(theirs[mine]), kept), to_numpy(ours[other]))
        seen.outputs[batch] = [to_numpy(theirs[index]) for index in graph.outputs]
    return seen


def missed_share(wanted: Iterable[Sequence[Array]], made: Iterable[Sequence[Array]]) -> float:
    """The share of the squares of some outputs that others miss, over all batches."""
    missed = energy = 0.0
    for theirs, ours in zip(wanted, made, strict=True):
        for one, other in zip(theirs, ours, strict=True):
            missed += float(np.square(one.astype(np.float64) - other).sum())
            energy += float(np.square(one, dtype=np.float64).sum())
    return missed / (energy or 1.0)
