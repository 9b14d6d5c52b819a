"""A layer that is to be solved: its calls, how it is linear at each, and its kernel as a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from harness.prune.keras_graph.graph import Graph, weights_of
from harness.prune.recover.reconstruct.designs.layers import linear
from harness.prune.recover.reconstruct.designs.linear import Array, Linear, UnsolvableError, extended


@dataclass(frozen=True)
class Job:
    """One layer of the cut network, at all of its calls together.

    `hows` tells by the call's number how it is linear there. `shape` is the matrix's, (blocks, columns, outputs).
    """

    path: str
    op: Any
    hows: Mapping[int, Linear]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, path: str, numbers: list[int], cut: Graph) -> Job:
        """The job for a layer that is called so often.

        Raises:
            UnsolvableError: it is not linear in a kernel, or not known to be.
        """
        hows = {number: linear(cut.calls[number], cut) for number in numbers}
        op = cut.calls[numbers[0]].op
        job = cls(path, op, hows, (0, 0, 0))
        blocks, rows, outputs = job.matrix().shape
        return cls(path, op, hows, (blocks, rows - 1, outputs))

    @property
    def first(self) -> int:
        """The number of its first call."""
        return next(iter(self.hows))

    @property
    def how(self) -> Linear:
        """How it is linear at its first call: the kernel is that of all of them."""
        return self.hows[self.first]

    @property
    def has_own_bias(self) -> bool:
        """Whether it has a bias with a number for each output, which can be solved with the kernel."""
        return getattr(self.op, "bias", None) is not None and self.how.own_bias

    def matrix(self) -> Array:
        """The kernel as it is now, with the bias as the last row, 0 where there is none to solve; float64."""
        matrix = self.how.matrix(_array(self._kernel))
        bias = self.how.fold_bias(_array(self.op.bias), len(matrix)) if self.has_own_bias else None
        return extended(matrix, bias)

    def write(self, matrix: Array) -> None:
        """Give the layer the kernel and the bias that a matrix stands for.

        Raises:
            UnsolvableError: they are too large for the numbers that it computes in; nothing is written.
        """
        most = np.finfo(np.float16 if "float16" in (self.op.compute_dtype, self._kernel.dtype) else np.float32).max
        if not np.abs(matrix).max() < most:
            raise UnsolvableError("its solution is too large for the numbers that it computes in")
        self._kernel.assign(self.how.kernel(matrix[:, :-1], tuple(self._kernel.shape)))
        if self.has_own_bias:
            self.op.bias.assign(self.how.unfold(matrix[:, -1]).reshape(self.op.bias.shape))

    def without_tied_bias(self, made: Array, op: Any) -> Array:
        """What `op`, this layer or the original's, made, less a bias that is not solved with the kernel."""
        if self.how.own_bias or getattr(op, "bias", None) is None:
            return made
        return np.asarray(made - _array(op.bias))

    @property
    def _kernel(self) -> Any:
        return next(weight for weight in weights_of(self.op) if weight.name == self.how.weight)


def _array(weight: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(weight.value, "float32")))
