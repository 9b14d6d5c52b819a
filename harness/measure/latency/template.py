"""One ONNX file as a template of all its sizes: which lengths in it follow which widths.

Exporting every size that is to be timed would take longer than timing it. So the network is exported twice, as it is
and with some channels fewer, and every length that differs is told by its two values: it is one of those that the
network's own axes can have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from harness.base.errors import MeasureError
from harness.measure.latency.sizes import Axis, Widths

Array = npt.NDArray[Any]
SMALL = 64  # integers in constants of at most so many are lengths that may change; more of them are data


@dataclass(frozen=True)
class Template:
    """A graph whose lengths are axes: `dims` of its constants, `values` of constants and attributes, by their names.

    Its `shapes` are none, since all of them can be inferred.
    """

    proto: onnx.ModelProto
    dims: Mapping[str, tuple[Axis, ...]]
    values: Mapping[str, tuple[Axis, ...]] = field(default_factory=dict)
    attributes: Mapping[tuple[int, str], tuple[Axis, ...]] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def kernel(self, node: onnx.NodeProto, index: int) -> tuple[Axis, ...] | None:
        """The lengths of the constant that a node reads as this input; None where it is no constant."""
        name = node.input[index] if index < len(node.input) else ""
        return self.dims[name] if name in self.weights else None

    def sized(self, widths: Widths) -> onnx.ModelProto:
        """The file at these widths. Its weights are the original's first rows: latency does not look at values."""
        made = onnx.ModelProto(ir_version=self.proto.ir_version, opset_import=self.proto.opset_import)
        made.graph.name = self.proto.graph.name
        made.graph.input.extend(self.proto.graph.input)
        made.graph.output.extend(onnx.ValueInfoProto(name=value.name) for value in self.proto.graph.output)
        for value, whole in zip(made.graph.output, self.proto.graph.output, strict=True):
            value.type.tensor_type.elem_type = whole.type.tensor_type.elem_type
        made.graph.node.extend(self.proto.graph.node)
        for (number, name), axes in self.attributes.items():
            attribute = next(each for each in made.graph.node[number].attribute if each.name == name)
            lengths = [axis.length(widths) for axis in axes]
            if attribute.ints:
                attribute.ints[:] = lengths
            else:
                attribute.i = lengths[0]
        for name, value in self.weights.items():
            cut = value[tuple(slice(axis.length(widths)) for axis in self.dims[name])]
            if name in self.values:
                lengths = [axis.length(widths) for axis in self.values[name]]
                cut = np.array(lengths, value.dtype).reshape(cut.shape)
            made.graph.initializer.append(numpy_helper.from_array(cut.copy(order="C"), name))
        return made


def template(
    whole: onnx.ModelProto, full: Widths, tries: Sequence[tuple[Widths, onnx.ModelProto]], axes: Sequence[Axis]
) -> Template:
    """The template of a file, from the same network exported at some other widths.

    Args:
        whole: the file at `full` widths, whose weights lie in it.
        full: how many channels each group has.
        tries: other widths and the file at them.
        axes: the lengths that the network's tensors can have; those that differ, differ in the tries.

    Raises:
        MeasureError: the files' graphs differ in more than lengths, or a length follows no axis.
    """
    files = [unshared(proto) for proto in (whole, *(proto for _, proto in tries))]
    if len({_wiring(proto) for proto in files}) > 1:
        raise MeasureError("the exported graph changes with its widths, so its latency can't be told beforehand")
    known = {signature(axis, full, [widths for widths, _ in tries]): axis for axis in axes}

    def axis_of(lengths: Sequence[int]) -> Axis:
        if len(set(lengths)) == 1:
            return Axis(lengths[0])
        if tuple(lengths) not in known:
            raise MeasureError(f"a length of {lengths[0]} in the exported graph follows no layer's channels")
        return known[tuple(lengths)]

    dims, values = {}, {}
    tensors = [{tensor.name: tensor for tensor in proto.graph.initializer} for proto in files]
    for name, tensor in tensors[0].items():
        each = [tuple(these[name].dims) for these in tensors]
        dims[name] = tuple(axis_of(lengths) for lengths in zip(*each, strict=True))
        if tensor.data_type == onnx.TensorProto.INT64 and math.prod(tensor.dims) <= SMALL:
            numbers = [numpy_helper.to_array(these[name]).ravel().tolist() for these in tensors]
            if any(row != numbers[0] for row in numbers):
                values[name] = tuple(axis_of(row) for row in zip(*numbers, strict=True))
    weights = {name: numpy_helper.to_array(tensor) for name, tensor in tensors[0].items()}
    return Template(files[0], dims, values, dict(_attributes(files, axis_of)), weights)


def signature(axis: Axis, full: Widths, tries: Sequence[Widths]) -> tuple[int, ...]:
    """An axis's length at full widths and at each of the others: what tells it from other axes."""
    return tuple(axis.length(widths) for widths in (full, *tries))


def unshared(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The same with a constant for each place that reads one: which of them are equal depends on values and widths."""
    made = onnx.ModelProto()
    made.CopyFrom(proto)
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    del made.graph.initializer[:]
    for number, node in enumerate(made.graph.node):
        for place, name in enumerate(node.input):
            if name in tensors:
                node.input[place] = f"{number}.{place}"
                made.graph.initializer.add().CopyFrom(tensors[name])
                made.graph.initializer[-1].name = node.input[place]
    return made


def _attributes(
    files: Sequence[onnx.ModelProto], axis_of: Callable[[Sequence[int]], Axis]
) -> Iterator[tuple[tuple[int, str], tuple[Axis, ...]]]:
    """The integers in attributes that differ from file to file, such as the groups of a depthwise convolution."""
    for number, nodes in enumerate(zip(*(proto.graph.node for proto in files), strict=True)):
        for attributes in zip(*(node.attribute for node in nodes), strict=True):
            rows = [list(each.ints) or [each.i] for each in attributes]
            if any(row != rows[0] for row in rows):
                yield (number, attributes[0].name), tuple(axis_of(row) for row in zip(*rows, strict=True))


def _wiring(proto: onnx.ModelProto) -> tuple[Any, ...]:
    """What must be alike in files that differ in their widths alone."""
    nodes = tuple((node.op_type, tuple(node.input), tuple(node.output)) for node in proto.graph.node)
    return nodes, tuple(tensor.name for tensor in proto.graph.initializer)
