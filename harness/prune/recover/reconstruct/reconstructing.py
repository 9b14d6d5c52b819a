"""Solve the kernels behind pruned channels again: in closed form, on unlabelled examples, without training.

Layer by layer, in the order in which they run, each kernel becomes the one that best gives what the original layer
gave before its activation, in the least-squares sense, from what the network as reconstructed so far feeds it: He,
Zhang and Sun, 2017, 'Channel Pruning for Accelerating Very Deep Neural Networks'; Luo, Wu and Lin, 2017, 'ThiNet'. The
statistics of BatchNormalization are measured again on the way, against the original's. A classifier's last kernel is
then solved by the original's answers, which is convex.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.crash import scratch
from harness.base.errors import PruneError
from harness.base.store import disk_errors
from harness.channels.removal import Removal
from harness.prune.choose.planning import removal_of
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.logits import classifying
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.recover.reconstruct.batches import Batches
from harness.prune.recover.reconstruct.designs.layers import has_kernel
from harness.prune.recover.reconstruct.designs.linear import UnsolvableError
from harness.prune.recover.reconstruct.jobs import Job
from harness.prune.recover.reconstruct.network import Network, Passage
from harness.prune.recover.reconstruct.original import Differences, differences
from harness.prune.recover.reconstruct.shelf import Shelf
from harness.prune.recover.reconstruct.solving import Solver
from harness.prune.recover.reconstruct.statistics import (
    Statistics,
    absorbs_bias,
    from_equations,
    normalisation_behind,
)
from harness.prune.recover.reconstruct.wanted import Wanted
from harness.records import Answered, ChannelPlan, Reconstruction, SolvedLayer

Array = npt.NDArray[Any]


def reconstruct(
    original: keras.Model, plan: ChannelPlan, pruned: keras.Model, inputs: Sequence[Array], seed: int = 0
) -> Reconstruction:
    """Solve the kernels of `pruned` again, in place, from examples; the original is only read.

    Args:
        original: the network that was pruned.
        plan: what it was pruned by.
        pruned: what is left.
        inputs: one array (N, ...) for each input of the model; labels are not needed.
        seed: for the rows that are drawn where there are more than are needed.

    Raises:
        PruneError: the plan or the examples don't fit, or the examples are fewer than two or not finite.
    """
    found = trace(original)
    batches = Batches.of(found.graph, inputs, seed)
    # What a network makes of its own may be infinite, which is found and told; NumPy need not warn of it.
    with scratch() as folder, disk_errors(folder), np.errstate(invalid="ignore", over="ignore"):
        return _Work(found, removal_of(found, plan), pruned, batches, folder, seed).run()


class _Work:
    """Original and cut network, both on their way over the same batches."""

    def __init__(
        self, found: Trace, removal: Removal, pruned: keras.Model, batches: Batches, folder: Path, seed: int
    ) -> None:
        self._found, self._removal, self._batches, self._seed = found, removal, batches, seed
        self._original, self._cut = Network(found.graph), Network(read_graph(pruned))
        self._calls = self._cut.graph.calls
        if [call.path for call in self._calls] != [call.path for call in found.graph.calls]:
            raise PruneError("the pruned network does not have the original's layers; give the one that this plan made")
        self._wanted_shelf, cut_shelf = Shelf(folder / "wanted"), Shelf(folder / "cut")
        self._passage = Passage(self._cut, cut_shelf, batches)
        self._solved: list[SolvedLayer] = []
        self._kept: dict[str, str] = {}
        self._classifying = classifying(self._cut.graph)
        self._answered: dict[str, Answered] = {}

    def run(self) -> Reconstruction:
        """Solve all layers; undo it where the outputs come out further from the original's than they were."""
        seen = differences(self._found, self._removal, self._original, self._cut, self._batches)
        jobs = self._jobs(seen)
        wanted = Wanted(list(jobs.values()), len(self._batches), self._wanted_shelf, self._seed)
        statistics = self._statistics(seen)
        wanted.run(self._found, self._removal, self._original, self._batches, statistics)
        own = self._weights()
        self._walk(jobs, wanted, statistics)
        ends = self._passage.upto(len(self._calls), self._batches.judged)
        before, after = seen.share_missed(), seen.share_missed({b: self._cut.outputs(values) for b, values in ends})
        worse = after is None or (before is not None and after > before)
        if worse:
            self._restore(own)
        return Reconstruction(
            images=self._batches.examples, before=before, after=after, undone=worse, solved=tuple(self._solved),
            kept=self._kept, answered=self._answered or None,
        )  # fmt: skip

    def _jobs(self, seen: Differences) -> dict[str, Job]:
        """The layers that give something else than the original's, and can be solved, by path."""
        jobs = {}
        for path, op in self._cut.graph.layers.items():
            numbers = self._numbers(path)
            made = [index for number in numbers for index in self._found.graph.calls[number].outputs]
            if not has_kernel(op) or not any(map(seen.differs, made)):
                continue
            try:
                jobs[path] = Job.of(path, numbers, self._cut.graph)
            except UnsolvableError as error:
                self._kept[path] = str(error)
        return jobs

    def _statistics(self, seen: Differences) -> Statistics:
        """Every BatchNormalization that reads something else than the original's."""
        calls = {
            path: self._numbers(path)
            for path, op in self._cut.graph.layers.items()
            if isinstance(op, keras.layers.BatchNormalization)
        }
        read = self._found.graph.calls
        other = {path: own for path, own in calls.items() if any(seen.differs(read[n].inputs[0]) for n in own)}
        return Statistics(self._found, self._removal, other, len(self._batches), self._seed)

    def _walk(self, jobs: dict[str, Job], wanted: Wanted, statistics: Statistics) -> None:
        """Stop before each layer that is to be solved or measured, look at what it gets, and go on."""
        done: set[str] = set()
        for call in self._calls:
            if call.path in done:
                continue
            done.add(call.path)
            if call.path in jobs:
                done |= self._solve(jobs[call.path], wanted)
            elif call.path in statistics:
                statistics.measure(call.path, self._passage)

    def _solve(self, job: Job, wanted: Wanted) -> set[str]:
        """Solve a layer; return the BatchNormalization behind it whose statistics were found with it."""
        behind = normalisation_behind(self._cut.graph, job)
        solver = Solver(job, wanted, classifies=job.path in self._classifying)
        try:
            solver.collect(self._passage, self._batches.judged)
            choice = solver.solve(absorbed=absorbs_bias(self._cut.graph, job, behind))
            refined = solver.refine()
        except UnsolvableError as error:
            self._kept[job.path] = str(error)
            return set()
        finally:
            wanted.forget(job)
        self._solved.append(
            SolvedLayer(
                layer=job.path, before=choice.before, after=choice.after, ridge=choice.ridge,
                rows=solver.fit.most.rows + solver.fit.few.rows, columns=job.shape[1],
            )
        )  # fmt: skip
        if refined is not None:
            self._answered[job.path] = Answered(ridge=refined.ridge, before=refined.before, after=refined.after)
        if behind is None:
            return set()
        from_equations(self._cut.graph.layers[behind], job, solver.fit.all, job.matrix())
        return {behind}

    def _numbers(self, path: str) -> list[int]:
        return [number for number, call in enumerate(self._calls) if call.path == path]

    def _weights(self) -> dict[str, list[Array]]:
        layers = self._cut.graph.layers.items()
        return {path: [np.array(keras.ops.convert_to_numpy(each)) for each in weights_of(op)] for path, op in layers}

    def _restore(self, own: dict[str, list[Array]]) -> None:
        for path, values in own.items():
            for weight, value in zip(weights_of(self._cut.graph.layers[path]), values, strict=True):
                weight.assign(value)
