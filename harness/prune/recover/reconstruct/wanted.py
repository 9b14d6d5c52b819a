"""What is wanted of each layer: what the original makes before its activation, at rows that are drawn once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.channels.removal import Removal
from harness.prune.keras_graph.trace import Trace
from harness.prune.recover.reconstruct.batches import Batches
from harness.prune.recover.reconstruct.designs.linear import Array
from harness.prune.recover.reconstruct.designs.rows import Places, Rows, places_left, positions
from harness.prune.recover.reconstruct.fit import Fit
from harness.prune.recover.reconstruct.jobs import Job
from harness.prune.recover.reconstruct.network import Network, to_numpy
from harness.prune.recover.reconstruct.shelf import Shelf
from harness.prune.recover.reconstruct.statistics import Statistics


class Wanted:
    """The wanted outputs of all layers to be solved, for every batch: the original runs over them once.

    They lie on a shelf, (rows, the output's axes that are no positions'), cut to what the cut network makes.
    """

    def __init__(self, jobs: Sequence[Job], batches: int, shelf: Shelf, seed: int) -> None:
        self._jobs = {number: job for job in jobs for number in job.hows}
        self._most = {
            number: -(-Fit.most_rows(job.shape) // (batches * len(job.hows))) for number, job in self._jobs.items()
        }
        self._shapes: dict[tuple[int, int], list[int]] = {}
        self._shelf, self._seed = shelf, seed

    def run(self, found: Trace, removal: Removal, original: Network, batches: Batches, statistics: Statistics) -> None:
        """Run the original over all batches; `statistics` are told what BatchNormalization gets."""
        calls = original.graph.calls
        kept = {number: places_left(removal, found.tensors[calls[number].outputs[0]]) for number in self._jobs}
        for batch in range(len(batches)):

            def see(number: int, made: Any, batch: int = batch) -> None:
                plain = self._jobs[number].without_tied_bias(to_numpy(made), calls[number].op)
                self._keep(number, batch, plain, kept[number])

            values = original.begun(batches.parts(batch))
            for number in original.steps(values, 0, len(calls), self._jobs, see):
                if number in statistics:
                    statistics.see_original(number, batch, to_numpy(values[calls[number].inputs[0]]))

    def _keep(self, number: int, batch: int, made: Array, kept: Mapping[int, Places]) -> None:
        axes = self._jobs[number].hows[number].axes(made.ndim)
        self._shapes[number, batch] = positions(made.shape, axes, kept)
        self._shelf.put(number, batch, self.rows(number, batch).of(made, axes, kept))

    def rows(self, number: int, batch: int) -> Rows:
        """The positions that were drawn for a call and a batch: the same whenever asked."""
        return Rows.drawn_for(self._shapes[number, batch], self._most[number], self._seed, number, batch)

    def of(self, number: int, batch: int) -> Array:
        """What is wanted there: (rows, blocks, outputs)."""
        job = self._jobs[number]
        return job.hows[number].fold(self._shelf.take(number, batch), job.shape[0])

    def count(self, job: Job) -> int:
        """How many rows there are for a layer, over all batches and calls."""
        return sum(
            min(int(np.prod(shape)), self._most[number])
            for (number, _), shape in self._shapes.items()
            if number in job.hows
        )

    def forget(self, job: Job) -> None:
        """Let go of what a solved layer was to make."""
        self._shelf.keep_only({number for number, other in self._jobs.items() if other.first > job.first})
