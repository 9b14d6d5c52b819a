"""Solve one layer: its equations on every batch, the test that they are its equations, and what is written."""

from __future__ import annotations

from collections.abc import Collection

import keras

from harness.prune.recover.reconstruct.answers import Answers, Refined
from harness.prune.recover.reconstruct.designs.exactness import check_design
from harness.prune.recover.reconstruct.designs.linear import Array, UnsolvableError
from harness.prune.recover.reconstruct.fit import Choice, Fit
from harness.prune.recover.reconstruct.jobs import Job
from harness.prune.recover.reconstruct.network import Passage, Values, to_numpy
from harness.prune.recover.reconstruct.wanted import Wanted


class Solver:
    """The equations of one layer, from what the cut network feeds it and from what is wanted of it."""

    def __init__(self, job: Job, wanted: Wanted, *, classifies: bool) -> None:
        """`classifies` is whether its outputs, through a softmax, are the network's answers."""
        self.job = job
        self.near = job.matrix()
        self.fit = Fit(job.shape, wanted.count(job))
        self._answers = Answers() if classifies and Answers.fits(job.shape, wanted.count(job)) else None
        self._wanted = wanted

    def collect(self, passage: Passage, judged: Collection[int]) -> None:
        """Take a pass over all batches.

        Raises:
            UnsolvableError: the layer does not compute what its equations say, or not in numbers.
        """
        problem: UnsolvableError | None = None
        for batch, values in passage.upto(self.job.first):
            if problem is None:
                try:
                    self._batch(passage, values, batch, batch in judged)
                except UnsolvableError as error:  # the pass goes on: later layers start from where it ends
                    problem = error
        if problem is not None:
            raise problem

    def _batch(self, passage: Passage, values: Values, batch: int, judged: bool) -> None:
        at = self.job.first
        for number, how in self.job.hows.items():
            passage.network.forward(values, at, number)
            at = number
            rows = self._wanted.rows(number, batch)
            design = how.design(to_numpy(values[passage.network.graph.calls[number].inputs[0]]), rows)
            if batch == 0:
                made = self.job.without_tied_bias(to_numpy(passage.network.plain(number, values)), self.job.op)
                picked = rows.of(made, how.axes(made.ndim))
                self._check(design, how.fold(picked, self.job.shape[0]))
            outputs = self._wanted.of(number, batch)
            (self.fit.few if judged else self.fit.most).add(design, outputs)
            if self._answers is not None:
                self._answers.add(design, outputs)

    def _check(self, design: Array, made: Array) -> None:
        check_design(design, self.near, made, keras.backend.standardize_dtype(self.job.op.compute_dtype))

    def solve(self, *, absorbed: bool) -> Choice:
        """Find the matrix and write it. A bias is free too where it is `absorbed`, though there is none.

        Raises:
            UnsolvableError: the equations are not of finite numbers, or the solution is too large to be written.
        """
        choice = self.fit.choose(self.near, bias=self.job.has_own_bias or absorbed)
        if choice.ridge is not None:
            self.job.write(choice.matrix)
        return choice

    def refine(self) -> Refined | None:
        """Solve it by the original's answers, from where it is now, and write it; None where that brings nothing."""
        if self._answers is None:
            return None
        found = self._answers.refine(self.job.matrix()[0], bias=self.job.has_own_bias)
        if found is not None:
            self.job.write(found.matrix[None])
        return found
