"""What the original gives: where the cut network gives something else, and what is wanted of its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import keras
import numpy as np

from harness.channels.removal import Removal
from harness.prune.keras_graph.trace import Trace
from harness.prune.recover.missed import share_missed
from harness.prune.recover.reconstruct.batches import Batches
from harness.prune.recover.reconstruct.designs.exactness import tolerance
from harness.prune.recover.reconstruct.designs.linear import Array
from harness.prune.recover.reconstruct.designs.rows import left_of, places_left
from harness.prune.recover.reconstruct.network import Network, to_numpy


@dataclass
class Differences:
    """How far the cut network is from the original before anything is solved.

    `energy` and `missed` are the sums of squares of what the original gives, and of what the cut network misses of
    it, by tensor; `outputs` are the original's, and those of the cut network, by batch, of the images for judging.
    """

    energy: dict[int, float] = field(default_factory=dict)
    missed: dict[int, float] = field(default_factory=dict)
    dtypes: dict[int, str] = field(default_factory=dict)
    outputs: dict[int, tuple[list[Array], list[Array]]] = field(default_factory=dict)

    def differs(self, tensor: int) -> bool:
        """Whether a tensor is another in the cut network by more than rounding, apart from what was removed of it."""
        return not self.missed[tensor] <= tolerance(self.dtypes[tensor]) ** 2 * self.energy[tensor]

    def share_missed(self, made: Mapping[int, list[Array]] | None = None) -> float | None:
        """The share of the squares of the original's outputs that others miss, or else those of the cut network.

        None where that is no finite number.
        """
        return share_missed(
            pair
            for batch, (theirs, ours) in self.outputs.items()
            for pair in zip(theirs, ours if made is None else made[batch], strict=True)
        )

    def see(self, tensor: int, theirs: Array, ours: Array) -> None:
        """Count a batch."""
        wanted = theirs.astype(np.float64)
        self.energy[tensor] = self.energy.get(tensor, 0.0) + float(np.square(wanted).sum())
        self.missed[tensor] = self.missed.get(tensor, 0.0) + float(np.square(wanted - ours).sum())


def differences(found: Trace, removal: Removal, original: Network, cut: Network, batches: Batches) -> Differences:
    """Run both networks beside each other over some of the batches, those for judging among them."""
    graph = original.graph
    seen = Differences(dtypes={index: keras.backend.standardize_dtype(each) for index, each in graph.dtypes.items()})
    for batch in batches.looked_at:
        inputs = batches.parts(batch)
        theirs, ours = original.begun(inputs), cut.begun(inputs)
        end = len(graph.calls)
        for number, _ in zip(original.steps(theirs, 0, end), cut.steps(ours, 0, end), strict=True):
            for mine, other in zip(graph.calls[number].outputs, cut.graph.calls[number].outputs, strict=True):
                kept = places_left(removal, found.tensors[mine])
                seen.see(mine, left_of(to_numpy(theirs[mine]), kept), to_numpy(ours[other]))
        if batch in batches.judged:
            seen.outputs[batch] = original.outputs(theirs), cut.outputs(ours)
    return seen
