"""Solve the kernels behind pruned channels of an ONNX graph again: in closed form, on unlabelled examples.

Node by node, in the order in which they run, each kernel becomes the one that best gives what the original node gave,
in the least-squares sense, from what the graph as reconstructed so far feeds it: as for Keras models.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx_ir as ir

from harness.base.crash import scratch
from harness.base.errors import ModelError, PruneError
from harness.base.store import disk_errors
from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Array, Graph, constant
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.prune.onnx.graph.trace import Trace
from harness.prune.onnx.proof.outputs import compared
from harness.prune.onnx.recover.biases import Bias, bias_of
from harness.prune.onnx.recover.examples import Examples
from harness.prune.onnx.recover.kernels import KINDS, linear
from harness.prune.onnx.recover.passage import Passage
from harness.prune.recover.missed import share_missed
from harness.prune.recover.reconstruct.designs.linear import Linear, UnsolvableError, extended
from harness.prune.recover.reconstruct.designs.rows import Rows, places_left, positions
from harness.prune.recover.reconstruct.fit import Choice, Fit
from harness.prune.recover.reconstruct.shelf import Shelf
from harness.records import Reconstruction, SolvedLayer

OFF = 1e-5  # by how much a design may be off, as a share of the sizes of its terms, and be what the node computes


def reconstruct_onnx(
    found: Trace, removal: Removal, pruned: ir.Model, data: Mapping[str, Array], seed: int = 0
) -> Reconstruction:
    """Solve the kernels of `pruned` again, in place; the original is only read.

    Args:
        found: the original, with names.
        removal: what went.
        pruned: what is left.
        data: examples by input name, (N, ...) each; labels are not needed.
        seed: for the order of the examples, and for the rows that are drawn where there are more than are needed.

    Raises:
        PruneError: the examples don't fit the model, are fewer than two batches, or not finite.
    """
    examples = Examples.of(found.graph, data, seed)
    try:
        with scratch() as folder, disk_errors(folder), np.errstate(invalid="ignore", over="ignore"):
            return _Work(found, removal, pruned, examples, folder, seed).run()
    except ModelError as error:
        raise PruneError(f"reconstruction: {error}; give examples as the model takes them") from None


class _Work:
    """Original and cut graph, on the same batches."""

    def __init__(
        self, found: Trace, removal: Removal, pruned: ir.Model, examples: Examples, folder: Path, seed: int
    ) -> None:
        self._found, self._removal, self._examples, self._seed = found, removal, examples, seed
        self._cut = Graph(pruned, found.graph.shapes, found.graph.dtypes)
        self._shelf = Shelf(folder / "wanted")
        self._passage = Passage(pruned, examples.feeds, Shelf(folder / "cut"))
        self._rows: dict[tuple[int, int], Rows] = {}
        self._solved: list[SolvedLayer] = []
        self._kept: dict[str, str] = {}

    def run(self) -> Reconstruction:
        """Solve all nodes; undo it where the outputs come out further from the original's than they were."""
        jobs = self._jobs()
        theirs = self._outputs(self._found.graph.model)
        before = self._missed(theirs)
        self._see_original(jobs)
        own = {name: value.const_value for name, value in self._cut.model.graph.initializers.items()}
        for number, (path, how) in enumerate(jobs.items()):
            try:
                self._solve(number, path, how)
            except UnsolvableError as error:
                self._kept[path] = str(error)
        after = self._missed(theirs)
        worse = after is None or (before is not None and after > before)
        if worse:
            for name, tensor in own.items():
                self._cut.model.graph.initializers[name].const_value = tensor
        return Reconstruction(
            images=self._examples.count, before=before, after=after, undone=worse, solved=tuple(self._solved),
            kept=self._kept,
        )  # fmt: skip

    def _jobs(self) -> dict[str, Linear]:
        """The nodes with kernels behind the first removed channel, and how each is linear."""
        jobs: dict[str, Linear] = {}
        touched: set[str] = set()
        for path, node in self._cut.nodes.items():
            reads = [str(value.name) for value in node.inputs if value is not None]
            loses = any(self._removal.mask(names) is not None for names in self._names(reads))
            if not loses and not touched.intersection(reads):
                continue
            touched |= {str(value.name) for value in node.outputs}
            if node.op_type in KINDS and path in self._found.graph.nodes:
                try:
                    jobs[path] = linear(node)
                except UnsolvableError as error:
                    self._kept[path] = str(error)
        return jobs

    def _names(self, tensors: list[str]) -> list[Array]:
        return [self._found.tensors[name] for name in tensors if name in self._found.tensors]

    def _outputs(self, model: ir.Model) -> list[list[Array]]:
        """What a graph gives on the batches for judging."""
        runner = Runner(with_outputs(model, compared(self._found, self._removal)))
        return [runner.run(self._examples.feeds[batch]) for batch in self._examples.judged]

    def _missed(self, theirs: list[list[Array]]) -> float | None:
        """The share of the original's outputs, for each batch for judging, that the cut graph misses as it is now."""
        return share_missed(
            pair
            for both in zip(theirs, self._outputs(self._cut.model), strict=True)
            for pair in zip(*both, strict=True)
        )

    def _see_original(self, jobs: Mapping[str, Linear]) -> None:
        """Keep what the original makes, at rows that are drawn once."""
        made = [str(self._found.graph.nodes[path].outputs[0].name) for path in jobs]
        if not made:
            return
        runner = Runner(with_outputs(self._found.graph.model, made))
        for batch, feeds in enumerate(self._examples.feeds):
            for number, (path, values) in enumerate(zip(jobs, runner.run(feeds), strict=True)):
                how, kept = jobs[path], places_left(self._removal, self._found.tensors[made[number]])
                axes = how.axes(values.ndim)
                most = -(-Fit.most_rows(self._shape(path, how)) // len(self._examples.feeds))
                box = positions(values.shape, axes, kept)
                rows = self._rows[number, batch] = Rows.drawn_for(box, most, self._seed, number, batch)
                self._shelf.put(number, batch, rows.of(values, axes, kept))

    def _shape(self, path: str, how: Linear) -> tuple[int, int, int]:
        blocks, columns, outputs = how.matrix(self._kernel(path)).shape
        return blocks, columns, outputs

    def _kernel(self, path: str) -> Array:
        held = constant(self._cut.nodes[path].inputs[1])
        assert held is not None  # `linear` saw it
        return held

    def _solve(self, number: int, path: str, how: Linear) -> None:
        """Collect the equations of one node, and write the kernel and the bias that they give."""
        node, shape = self._cut.nodes[path], self._shape(path, how)
        rank = len(self._cut.shapes[str(node.outputs[0].name)])
        (axis,) = set(range(rank)) - set(how.axes(rank))
        bias = bias_of(node, shape[0] * shape[2], axis, rank)
        offset = bias.held if bias is not None and bias.own else None
        near = extended(how.matrix(self._kernel(path)), None if offset is None else how.fold_bias(offset, shape[0]))
        fit = Fit(shape, sum(len(self._rows[number, batch]) for batch in range(len(self._examples.feeds))))
        for batch, (x, made) in enumerate(self._passage.upto(node)):
            rows = self._rows[number, batch]
            design = how.design(x, rows)
            if batch == 0:
                _check(design, near, how.fold(rows.of(made, how.axes(made.ndim)), shape[0]))
            part = fit.few if batch in self._examples.judged else fit.most
            part.add(design, how.fold(self._shelf.take(number, batch), shape[0]))
        choice = fit.choose(near, bias=bias is not None)
        self._write(node, how, bias, choice)
        self._solved.append(
            SolvedLayer(
                layer=path, before=choice.before, after=choice.after, ridge=choice.ridge,
                rows=fit.most.rows + fit.few.rows, columns=shape[1],
            )
        )  # fmt: skip

    def _write(self, node: ir.Node, how: Linear, bias: Bias | None, choice: Choice) -> None:
        value = node.inputs[1]
        if choice.ridge is None or value is None or value.const_value is None:
            return
        if not np.abs(choice.matrix).max() < np.finfo(np.float32).max:
            raise UnsolvableError("its solution is too large for the numbers that it computes in")
        kernel = how.kernel(choice.matrix[:, :-1], tuple(value.const_value.shape.numpy())).astype(np.float32)
        value.const_value = ir.Tensor(np.ascontiguousarray(kernel), name=value.name)
        if bias is not None:
            bias.add(how.unfold(choice.matrix[:, -1]))


def _check(design: Array, matrix: Array, made: Array) -> None:
    """Raise UnsolvableError unless a design times a matrix is what the node made."""
    columns = design.astype(np.float64).swapaxes(0, 1)
    expected = columns @ matrix[:, :-1] + matrix[:, -1:]
    size = np.abs(columns) @ np.abs(matrix[:, :-1]) + np.abs(matrix[:, -1:])
    off = np.abs(expected - made.swapaxes(0, 1))
    if not np.isfinite(off).all():
        raise UnsolvableError("what it makes is not finite")
    if (off > OFF * size + float(np.finfo(np.float32).tiny)).any():
        raise UnsolvableError("it does not compute what its equations say")
