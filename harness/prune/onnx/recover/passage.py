"""The cut graph on its way over all batches: what later nodes read is kept, so that each node runs about once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from harness.prune.onnx.graph.graph import Array, captured, is_constant
from harness.prune.onnx.graph.running import Runner
from harness.prune.recover.reconstruct.shelf import Shelf


class Passage:
    """A graph, the inputs of each batch by name, and what was made of them so far.

    Kernels may change from where it stands on, never behind it: what is on the shelf is not made again.
    """

    def __init__(self, model: ir.Model, feeds: Sequence[Mapping[str, Array]], shelf: Shelf) -> None:
        self._model, self._feeds, self._shelf = model, feeds, shelf
        self._nodes = list(model.graph)
        self._places = {node: place for place, node in enumerate(self._nodes)}
        self._made = {str(value.name): place for node, place in self._places.items() for value in node.outputs}
        self._read = {name: place for node, place in self._places.items() for name in _reads(node)}  # the last
        self._numbers = {name: number for number, name in enumerate(self._made)}
        self._at, self._kept = 0, set[str]()  # what is on the shelf

    def upto(self, node: ir.Node) -> Iterator[tuple[Array, Array]]:
        """What a node reads first, and what it makes as it is now, batch by batch.

        It goes on from there once all batches are taken, and else from where it was.
        """
        first = node.inputs[0]
        to, read, made = self._places[node], "" if first is None else str(first.name), str(node.outputs[0].name)
        fresh = [name for name in self._live(to) if name not in self._kept]
        wanted = list(dict.fromkeys([*fresh, *([read] if self._made.get(read, -1) >= self._at else []), made]))
        runner, reads, can_stay = None, self._reads(to), True
        for batch in range(len(self._feeds)):
            given = {name: self._value(name, batch) for name in reads}
            runner = runner or Runner(self._part(to, given, wanted))
            found = dict(zip(wanted, runner.run(given), strict=True))
            can_stay = can_stay and all(_is_kept_easily(found[name]) for name in fresh)
            for name in fresh if can_stay else ():
                self._shelf.put(self._numbers[name], batch, found[name])
            yield found[read] if read in found else self._value(read, batch), found[made]
        if can_stay:
            self._at, self._kept = to, set(self._live(to))
            self._shelf.keep_only(self._numbers[name] for name in self._kept)

    def _live(self, place: int) -> list[str]:
        """The tensors that nodes before a place make and others from there on read."""
        return [name for name, made in self._made.items() if made < place <= self._read.get(name, -1)]

    def _reads(self, to: int) -> list[str]:
        """What the nodes from here to a place need, that is neither made among them nor a constant."""
        part = self._nodes[self._at : to + 1]
        needed = dict.fromkeys(name for node in part for name in _reads(node))
        return [name for name in needed if self._made.get(name, -1) < self._at]

    def _value(self, name: str, batch: int) -> Array:
        given = self._feeds[batch]
        return given[name] if name in given else self._shelf.take(self._numbers[name], batch)

    def _part(self, to: int, given: Mapping[str, Array], wanted: Sequence[str]) -> bytes:
        """A model of the nodes from here to a place, that takes what is given and tells what is wanted."""
        import onnx

        part = self._nodes[self._at : to + 1]
        held = {str(value.name): value.const_value for node in part for value in _values(node) if is_constant(value)}
        graph = onnx.helper.make_graph(
            [ir.to_proto(node) for node in part],
            "part",
            [_described(name, array) for name, array in given.items()],
            [onnx.ValueInfoProto(name=name) for name in wanted],
            [_named(name, tensor) for name, tensor in held.items()],
        )
        opsets = [onnx.helper.make_opsetid(*each) for each in self._model.opset_imports.items()]
        model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=max(4, self._model.ir_version))
        serialized: bytes = model.SerializeToString()
        return serialized


def _values(node: ir.Node) -> list[ir.Value]:
    """All that a node reads, in the bodies inside of it too."""
    return [value for value in (*node.inputs, *captured(node)) if value is not None]


def _reads(node: ir.Node) -> list[str]:
    return [str(value.name) for value in _values(node) if not is_constant(value)]


def _is_kept_easily(value: Any) -> bool:
    """Whether it is an array of numbers, and no sequence, map or text."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


def _described(name: str, array: Array) -> Any:
    """An input of this type and rank, of any sizes."""
    import onnx

    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    return onnx.helper.make_tensor_value_info(name, kind, [None] * array.ndim)


def _named(name: str, tensor: Any) -> Any:
    """A constant under the name by which nodes read it."""
    made = ir.to_proto(tensor)
    made.name = name
    return made
