"""What a rule sees: one node, the names that come in, and the ways to say what follows from them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import onnx_ir as ir

from harness.channels.channels import Channels
from harness.channels.names import NO_CHANNEL, Names
from harness.channels.place import Place
from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Array, Graph, Shape, constant, is_constant

FORMS = ("DequantizeLinear", "Cast", "Identity")  # of a constant that is cut before it is given another form
Role = Literal["kernel", "offset", "factor", "positive", "other"]
Numbers = Callable[[Removal], Sequence[int | None]]  # None where a number stays
Setting = Callable[[Removal], Any]


@dataclass(frozen=True)
class Cut:
    """Which channels the positions along the axes of a constant belong to, where node `node` reads it as an input.

    `makes` is the axis along which it computes channels, None where it reads or only accompanies them. `role` is what
    it does to them: a proof draws random values by it.
    """

    node: str
    index: int
    axes: Mapping[int, Names]
    makes: int | None
    role: Role


@dataclass
class Notes:
    """All that the rules said about a graph: constants that are cut, whole numbers and attributes that change."""

    cuts: list[Cut] = field(default_factory=list)
    numbers: dict[tuple[str, int], Numbers] = field(default_factory=dict)
    attributes: dict[tuple[str, str], Setting] = field(default_factory=dict)
    dropped: dict[tuple[str, int], Names] = field(default_factory=dict)
    states: dict[str, Names] = field(default_factory=dict)
    zeros: dict[tuple[str, int], int] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)


class Site(Place):
    """One node, as its rule sees it.

    `names` holds the names of each input (None where there is none), shaped as it was in a run; `out_shapes` are those
    of the outputs. `tensors` are the names of all that was made before, by the tensor's name.
    """

    def __init__(self, path: str, graph: Graph, channels: Channels, notes: Notes, tensors: Mapping[str, Names]) -> None:
        self.node = graph.nodes[path]
        self.out_shapes = [graph.shapes.get(str(value.name), ()) for value in self.node.outputs]
        super().__init__(path, channels, [known(shape) for shape in self.out_shapes])
        self._notes, self._graph, self._tensors = notes, graph, tensors

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators that the file uses."""
        opsets = self._graph.model.opset_imports
        return opsets.get("", opsets.get("ai.onnx", 1))

    def attribute(self, name: str, default: Any = None) -> Any:
        """The value of an attribute, texts as `str`."""
        found = self.node.attributes.get(name)
        return default if found is None else found.value

    def has(self, index: int) -> bool:
        """Whether this input is given."""
        return index < len(self.node.inputs) and self.node.inputs[index] is not None

    def is_constant(self, index: int) -> bool:
        """Whether the file holds this input, perhaps quantized."""
        return self.has(index) and source(self.node, index) is not None

    def is_zero(self, index: int) -> bool:
        """Whether an input holds nothing but zeros, by itself or by how it is made."""
        value = self.node.inputs[index] if self.has(index) else None
        held = constant(value)
        if held is not None:
            return not held.any()
        maker = None if value is None else value.producer()
        if maker is None or maker.op_type != "ConstantOfShape":
            return False
        filled = maker.attributes.get("value")
        return filled is None or not filled.as_tensor().numpy().any()

    def value(self, index: int) -> Array | None:
        """What a constant input holds; None where it is none, or is not given."""
        return constant(self.node.inputs[index]) if self.has(index) else None

    def integers(self, index: int, attribute: str | None = None) -> list[int] | None:
        """Whole numbers that an input holds, or an attribute, as older opsets have it; None where they vary."""
        if self.has(index):
            found = self.value(index)
            return None if found is None else [int(each) for each in found.ravel()]
        given = None if attribute is None else self.attribute(attribute)
        return None if given is None else [int(each) for each in given]

    def beside(self) -> Iterator[tuple[ir.Node, Names]]:
        """The nodes that read its output, each with the names of other inputs, as far as they were made before."""
        for reader, _ in self.node.outputs[0].uses():
            for value in reader.inputs:
                if value is not None and str(value.name) in self._tensors:
                    yield reader, self._tensors[str(value.name)]

    def must_stay(self, ids: Names) -> bool:
        """Whether all of these channels are pinned by now."""
        stay = [group.channels for group in self._channels.groups() if group.pinned is not None]
        return set(self.find(ids).tolist()) <= {NO_CHANNEL, *itertools.chain(*stay)}

    def lend(self, count: int) -> Names:
        """Ids for the values of a constant, which only go with channels that they meet: int32 (count,)."""
        self._notes.lent.add(self.path)
        return self.make(count)

    def weight(self, index: int, axes: Mapping[int, Names], makes: int | None = None, role: Role = "kernel") -> None:
        """Say which channels the positions of a constant input belong to: `axes` maps its axes to ids.

        What is not given is passed over; where it is computed, the channels are pinned. A constant that is dequantized
        first is cut before that.
        """
        if not self.has(index):
            return
        found = source(self.node, index)
        if found is None:
            for ids in axes.values():
                self.pin(ids, f"'{self.path}' has weights that are computed")
            return
        node, place, rank = found
        owner = self._graph.paths[node]
        named = {axis % rank: ids for axis, ids in axes.items()} if rank else {}
        self._notes.cuts.append(Cut(owner, place, named, None if makes is None else makes % rank, role))
        for ids in named.values():
            self._channels.see(ids)
        if node is not self.node:
            self._scales(node, owner, named)

    def _scales(self, node: ir.Node, owner: str, axes: Mapping[int, Names]) -> None:
        """Scales and zero points of a dequantized constant: for each place along its axis, or for blocks along it."""
        rank = len(node.inputs[0].shape or ()) if node.inputs[0] is not None else 0
        if not rank:
            return
        axis = (node.attributes["axis"].as_int() if "axis" in node.attributes else 1) % rank
        named = {0: axes[axis]} if axis in axes else {}
        if "block_size" in node.attributes and node.attributes["block_size"].as_int():
            if axis in axes:
                self.pin(axes[axis], f"'{owner}' has scales for blocks of them")
            named = {place: ids for place, ids in axes.items() if place != axis}
        for index in range(1, len(node.inputs)):
            held = constant(node.inputs[index])
            if held is not None and held.size > 1 and named:
                self._notes.cuts.append(Cut(owner, index, named, None, "other"))

    def numbers(self, index: int, change: Numbers) -> None:
        """Say how the whole numbers of an input follow from what stays, such as the target of a Reshape."""
        self._notes.numbers[self.path, index] = change

    def setting(self, name: str, change: Setting) -> None:
        """Say how an attribute follows from what stays."""
        self._notes.attributes[self.path, name] = change

    def drop(self, index: int, ids: Names) -> None:
        """Leave an input out as soon as one of these channels goes."""
        self._notes.dropped[self.path, index] = ids

    def state(self, ids: Names) -> None:
        """These channels are units of a recurrent node: to mask them is to keep their state at zero."""
        self._notes.states[self.path] = ids

    def zero(self, index: int, point: int) -> None:
        """Say that this input holds whole numbers, of which the one in input `point` stands for zero."""
        self._notes.zeros[self.path, index] = point

    def stays(self, reason: str) -> None:
        """Say why this node makes no channels that could go, though others of its kind do."""
        self._notes.stays[self.path] = reason


def source(node: ir.Node, index: int) -> tuple[ir.Node, int, int] | None:
    """Which node reads the constant that an input comes from, as which input, and its rank; None if there is none."""
    value = node.inputs[index]
    if value is None:
        return None
    if is_constant(value):
        assert value.const_value is not None
        return node, index, len(value.const_value.shape)
    maker = value.producer()
    if maker is not None and maker.op_type in FORMS and maker.inputs:
        return source(maker, 0)
    return None


def known(shape: Shape) -> Shape:
    """A shape as names have it: an axis that was empty in the run counts as 1."""
    return tuple(max(1, size) for size in shape)


def count_before(kept: np.ndarray, place: int) -> int:
    """How many of the first `place` positions stay."""
    return int(kept[:place].sum())
