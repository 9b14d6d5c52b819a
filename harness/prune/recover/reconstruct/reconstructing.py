"""Solve the kernels behind pruned channels again: in closed form, on unlabelled images, without training.

Layer by layer, in the order in which they run, each kernel becomes the one that best gives what the original layer
gave before its activation, in the least-squares sense, from what the network as reconstructed so far feeds it: He,
Zhang and Sun, 2017, 'Channel Pruning for Accelerating Very Deep Neural Networks'; Luo, Wu and Lin, 2017, 'ThiNet'. The
statistics of BatchNormalization are measured again on the way. Nothing is held in memory but one batch and sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.crash import scratch
from harness.channels.removal import Removal
from harness.prune.keras_graph.graph import Call, Graph, Ref, weights_of
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.trace import Trace
from harness.prune.recover.reconstruct.least_squares import Equations, Fit
from harness.prune.recover.reconstruct.linear import Linear, Rows, linear
from harness.prune.recover.reconstruct.shelf import Shelf

Array = npt.NDArray[Any]
L = keras.layers
BATCH = 32
LEAST_BATCHES = 10
JUDGING = 5  # every fifth batch judges the ridge
ROWS = 20_000
ROWS_A_COLUMN = 40


@dataclass(frozen=True)
class Solved:
    """One layer: the share of the wanted outputs' squares that was missed before and after, on images for judging.

    `ridge` is None where nothing did better than the cut kernel. `rows` is how many equations there were for the
    `columns` unknowns of each output.
    """

    path: str
    before: float
    after: float
    ridge: float | None
    rows: int
    columns: int


@dataclass
class Reconstruction:
    """What was solved, and why other layers behind pruned channels keep their cut kernels, by path."""

    solved: list[Solved] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


class Side:
    """One of the two networks, run piece by piece over all batches."""

    def __init__(self, graph: Graph, shelf: Shelf) -> None:
        self.graph, self.shelf, self.at = graph, shelf, 0
        self.last_use = {index: number for number, call in enumerate(graph.calls) for index in call.inputs}

    def live(self, values: dict[int, Array], number: int) -> dict[int, Array]:
        """What calls from `number` on still read."""
        return {index: value for index, value in values.items() if self.last_use.get(index, -1) >= number}

    def run(self, values: dict[int, Array], begin: int, end: int) -> None:
        """Run calls `begin` to `end - 1`, in inference mode."""
        for call in self.graph.calls[begin:end]:
            made = keras.tree.flatten(self.call(call, call.op, values))
            values.update(zip(call.outputs, (keras.ops.convert_to_numpy(each) for each in made), strict=True))

    def call(self, call: Call, op: Any, values: dict[int, Array]) -> Any:
        """What a layer, or another in its place, makes of a call's arguments."""
        args, kwargs = keras.tree.map_structure(
            lambda x: keras.ops.convert_to_tensor(values[x.index]) if isinstance(x, Ref) else x,
            (call.args, dict(call.kwargs)),
        )
        return op(*args, **{key: value for key, value in kwargs.items() if key != "training"})


def reconstruct(
    found: Trace, removal: Removal, pruned: keras.Model, inputs: Sequence[Array], seed: int = 0
) -> Reconstruction:
    """Solve the kernels of `pruned` again, in place.

    Args:
        found: the original, traced.
        removal: what was removed from it.
        pruned: what is left.
        inputs: one array (N, ...) for each input of the model.
        seed: for the rows that are drawn where there are more than are needed.
    """
    with scratch() as folder:
        work = _Work(found, removal, read_graph(pruned), inputs, folder, seed)
        work.run()
    return work.report


class _Work:
    def __init__(
        self, found: Trace, removal: Removal, cut: Graph, inputs: Sequence[Array], folder: Any, seed: int
    ) -> None:
        self.found, self.removal = found, removal
        (folder / "original").mkdir()
        (folder / "pruned").mkdir()
        self.original = Side(found.graph, Shelf(folder / "original"))
        self.pruned = Side(cut, Shelf(folder / "pruned"))
        self.report = Reconstruction()
        self.generator = np.random.default_rng(seed)
        self.batches = self._put(inputs)
        self.touched = self._touched()

    def _put(self, inputs: Sequence[Array]) -> int:
        stated = self.found.graph.shapes[self.found.graph.inputs[0]][0]
        examples = len(inputs[0])
        size = stated or max(1, min(BATCH, examples // LEAST_BATCHES))
        batches = examples // size
        for batch in range(batches):
            part = [each[batch * size : (batch + 1) * size] for each in inputs]
            for side in (self.original, self.pruned):
                side.shelf.put(batch, dict(zip(side.graph.inputs, part, strict=True)))
        return batches

    def _touched(self) -> set[int]:
        """The tensors of the original that differ in the cut network: channels are gone, or what made them differs."""
        found: set[int] = set()
        for call in self.found.graph.calls:
            gone = [index for index in call.outputs if self.removal.mask(self.found.tensors[index]) is not None]
            found |= set(call.outputs if found & set(call.inputs) else gone)
        return found

    def run(self) -> None:
        """Stop before each layer that is to be solved or measured, look at what it gets, and go on."""
        done: set[str] = set()
        calls = self.found.graph.calls
        for number, call in enumerate(calls):
            if call.path in done or not self.touched & set(call.inputs):
                continue
            together = [index for index, each in enumerate(calls) if each.path == call.path]
            done.add(call.path)
            if isinstance(call.op, L.BatchNormalization):
                self._measure(together)
            elif weights_of(call.op):
                how = linear(call.op, self.found.graph.shapes[call.inputs[0]])
                if how is None:
                    self.report.kept[call.path] = f"{type(call.op).__name__} has no closed form here"
                else:
                    self._solve(together, how)

    def _values(self, side: Side, first: int) -> Iterator[tuple[int, dict[int, Array]]]:
        """Each batch, run up to the call `first`, and kept there for what follows."""
        for batch in range(self.batches):
            values = side.shelf.take(batch)
            side.run(values, side.at, first)
            values = side.live(values, first)
            side.shelf.put(batch, values)
            yield batch, values
        side.at = first
        side.shelf.keep_only(index for index, last in side.last_use.items() if last >= first)

    def _measure(self, numbers: Sequence[int]) -> None:
        """Measure the statistics of a BatchNormalization again."""
        layer = self.pruned.graph.calls[numbers[0]].op
        axis, total, square, count = layer.axis, 0.0, 0.0, 0
        for _, values in self._values(self.pruned, numbers[0]):
            ahead, at = dict(values), numbers[0]
            for number in numbers:
                self.pruned.run(ahead, at, number)
                at = number
                x = np.moveaxis(ahead[self.pruned.graph.calls[number].inputs[0]], axis, -1)
                rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
                total, square, count = total + rows.sum(axis=0), square + np.square(rows).sum(axis=0), count + len(rows)
        mean = total / count
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(np.maximum(square / count - np.square(mean), 0.0))

    def _solve(self, numbers: Sequence[int], how: Linear) -> None:
        theirs, ours = self.found.graph.calls[numbers[0]], self.pruned.graph.calls[numbers[0]]
        before = _weight(ours.op, how.weight)
        matrix = how_of(ours, self.pruned.graph).matrix(keras.ops.convert_to_numpy(before.value))
        how_cut = how_of(ours, self.pruned.graph)
        blocks, columns, outputs = matrix.shape
        fit = Fit(Equations.empty(blocks, columns, outputs), Equations.empty(blocks, columns, outputs))
        plain = _plain(theirs, self.found.graph)
        most = max(ROWS, ROWS_A_COLUMN * columns) // max(1, self.batches * len(numbers)) + 1
        pairs = zip(self._values(self.original, numbers[0]), self._values(self.pruned, numbers[0]), strict=True)
        for (batch, originals), (_, cuts) in pairs:
            wanted_of, given_of = dict(originals), dict(cuts)
            at = numbers[0]
            for number in numbers:
                self.original.run(wanted_of, at, number)
                self.pruned.run(given_of, at, number)
                at = number
                call = self.found.graph.calls[number]
                wanted = keras.ops.convert_to_numpy(self.original.call(call, plain, wanted_of))
                kept = self.removal.kept_along(self.found.tensors[call.outputs[0]], wanted.ndim - 1)
                rows = Rows.drawn(wanted.shape[:-1], most, self.generator)
                design = how_cut.design(given_of[self.pruned.graph.calls[number].inputs[0]], rows)
                part = fit.few if batch % JUDGING == JUDGING - 1 else fit.most
                part.add(design, rows.of(wanted)[:, kept].reshape(len(design), blocks, outputs))
        self._write(ours, how_cut, matrix, fit)

    def _write(self, call: Call, how: Linear, matrix: Array, fit: Fit) -> None:
        layer, kernel = call.op, _weight(call.op, how.weight)
        has_bias = bool(getattr(layer, "use_bias", False))
        blocks, columns, outputs = matrix.shape
        bias = keras.ops.convert_to_numpy(layer.bias.value).reshape(blocks, 1, outputs) if has_bias else None
        near = np.concatenate([matrix, np.zeros((blocks, 1, outputs)) if bias is None else bias], axis=1)
        near = near.astype(np.float64)
        free = has_bias or _absorbed(self.pruned.graph, call)
        total = float(fit.few.energy.sum()) or 1.0
        first = fit.few.error(near)
        found, ridge = fit.solve(near, bias=free)
        kernel.assign(how.kernel(found[:, :columns], tuple(kernel.shape)))
        if has_bias:
            layer.bias.assign(found[:, columns].reshape(-1))
        after = fit.errors[ridge] if ridge is not None else first
        rows = fit.most.rows + fit.few.rows
        self.report.solved.append(Solved(call.path, first / total, after / total, ridge, rows, columns))


def how_of(call: Call, graph: Graph) -> Linear:
    """How the cut layer is linear."""
    how = linear(call.op, graph.shapes[call.inputs[0]])
    assert how is not None
    return how


def _absorbed(graph: Graph, call: Call) -> bool:
    """Whether what a bias would add goes into the mean that a BatchNormalization right behind measures again."""
    readers = [each for each in graph.calls if set(each.inputs) & set(call.outputs)]
    return bool(readers) and all(isinstance(each.op, L.BatchNormalization) for each in readers)


def _weight(op: Any, name: str) -> Any:
    return next(weight for weight in weights_of(op) if weight.name == name)


def _plain(call: Call, graph: Graph) -> Any:
    """The layer without its activation."""
    if getattr(call.op, "activation", None) in (None, keras.activations.linear):
        return call.op
    plain = type(call.op).from_config({**call.op.get_config(), "activation": "linear"})
    plain.build(graph.shapes[call.inputs[0]])
    for mine, source in zip(weights_of(plain), weights_of(call.op), strict=True):
        mine.assign(source.value)
    return plain
