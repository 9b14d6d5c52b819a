"""Random ONNX graphs: a program is a list of steps, each of which adds nodes to tensors that are there already.

Steps that don't fit their tensors do nothing, so that every program is a graph, and a failing one shrinks well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.prune.onnx.graph.building import Net

Step = tuple[str, int, int, int]
Shape = tuple[int, ...]
ACTIVATIONS = ("Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Softplus")
BATCH = 0  # stands for the batch in a Reshape, and in the shapes here


@dataclass
class Program:
    """A graph that grows, with the shape of every tensor, the batch as 0."""

    net: Net = field(default_factory=Net)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def put(self, name: str, *shape: int) -> str:
        self.shapes[name] = shape
        return name

    def op(self, kind: str, x: str, *others: str, shape: Shape | None = None, **attributes: object) -> str:
        """A node of one output, of the shape of its input where no other is given."""
        return self.put(self.net.op(kind, x, *others, **attributes), *(shape or self.shapes[x]))

    def conv(self, x: str, filters: int, group: int = 1, size: int = 3) -> str:
        _, before, height, width = self.shapes[x]
        return self.put(self.net.conv(x, before, filters, size, group=group), 0, filters, height, width)

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", x, self.net.integers(*shape), shape=shape)


def divisor(count: int, size: int) -> int:
    """One of a number's divisors but itself, the one that `size` picks."""
    found = [each for each in range(1, count) if count % each == 0] or [1]
    return found[size % len(found)]


def dense(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 2:
        return None
    return p.put(p.net.dense(x, p.shapes[x][1], 2 + size), 0, 2 + size)


def convolution(p: Program, x: str, y: str, size: int) -> str | None:
    return p.conv(x, 2 + size, size=1 + 2 * (size % 2)) if len(p.shapes[x]) == 4 else None


def grouped(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4:
        return None
    groups = divisor(p.shapes[x][1], size)
    return p.conv(x, groups * (1 + size % 3), groups)


def depthwise(p: Program, x: str, y: str, size: int) -> str | None:
    return p.conv(x, p.shapes[x][1] * (1 + size % 2), p.shapes[x][1]) if len(p.shapes[x]) == 4 else None


def transposed(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4 or p.shapes[x][2] > 8:
        return None
    _, before, height, width = p.shapes[x]
    kernel = p.net.random(before, 2 + size, 2, 2)
    return p.op("ConvTranspose", x, kernel, strides=[2, 2], shape=(0, 2 + size, 2 * height, 2 * width))


def normalised(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4:
        return None
    count, net = p.shapes[x][1], p.net
    if size % 3 == 0:
        return p.op(
            "BatchNormalization", x, net.positive(count), net.random(count), net.random(count), net.positive(count)
        )
    if size % 3 == 1:
        return p.op("InstanceNormalization", x, net.positive(count), net.random(count))
    groups = divisor(count, size)
    return p.op("GroupNormalization", x, net.positive(groups), net.random(groups), num_groups=groups)


def activated(p: Program, x: str, y: str, size: int) -> str:
    return p.op(ACTIVATIONS[size % len(ACTIVATIONS)], x)


def swish(p: Program, x: str, y: str, size: int) -> str:
    return p.op("Mul", x, p.op("Sigmoid", x))


def with_constant(p: Program, x: str, y: str, size: int) -> str:
    shape = list(p.shapes[x][1:])
    if size % 2 and len(shape) == 3:
        shape[1:] = [1, 1]
    return p.op(("Add", "Mul", "Sub")[size % 3], x, p.net.random(*shape))


def prelu(p: Program, x: str, y: str, size: int) -> str | None:
    return p.op("PRelu", x, p.net.random(p.shapes[x][1], 1, 1)) if len(p.shapes[x]) == 4 else None


def pooled(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4 or min(p.shapes[x][2:]) < 2:
        return None
    batch, count, height, width = p.shapes[x]
    if size % 3 == 2:
        return p.op("GlobalAveragePool", x, shape=(0, count, 1, 1))
    shape = (batch, count, height // 2, width // 2)
    return p.op(("MaxPool", "AveragePool")[size % 3], x, kernel_shape=[2, 2], strides=[2, 2], shape=shape)


def excited(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4:
        return None
    count = p.shapes[x][1]
    flat = p.reshape(p.op("GlobalMaxPool", x, shape=(0, count, 1, 1)), 0, count)
    gate = p.op(
        "Sigmoid", p.put(p.net.dense(p.op("Relu", p.put(p.net.dense(flat, count, 3), 0, 3)), 3, count), 0, count)
    )
    return p.op("Mul", x, p.reshape(gate, 0, count, 1, 1))


def added(p: Program, x: str, y: str, size: int) -> str | None:
    if p.shapes[x] == p.shapes[y] and x != y:
        return p.op(("Add", "Mul", "Max", "Sub")[size % 4], x, y)
    if len(p.shapes[x]) != 4:
        return None
    return p.op("Add", x, p.conv(x, p.shapes[x][1]))


def joined(p: Program, x: str, y: str, size: int) -> str | None:
    one, other = p.shapes[x], p.shapes[y]
    if len(one) != len(other) or one[2:] != other[2:] or x == y:
        return None
    return p.op("Concat", x, y, axis=1, shape=(0, one[1] + other[1], *one[2:]))


def split(p: Program, x: str, y: str, size: int) -> list[str] | None:
    shape = p.shapes[x]
    if shape[1] < 2:
        return None
    first = 1 + size % (shape[1] - 1)
    names = p.net.op("Split", x, p.net.integers(first, shape[1] - first), axis=1, outputs=2)
    return [p.put(name, 0, count, *shape[2:]) for name, count in zip(names, (first, shape[1] - first), strict=True)]


def sliced(p: Program, x: str, y: str, size: int) -> str | None:
    shape = p.shapes[x]
    axis = 1 + size % (len(shape) - 1)
    if shape[axis] < 3:
        return None
    others = p.net.integers(1), p.net.integers(shape[axis] - size % 2), p.net.integers(axis)
    return p.op("Slice", x, *others, shape=(*shape[:axis], shape[axis] - 1 - size % 2, *shape[axis + 1 :]))


def gathered(p: Program, x: str, y: str, size: int) -> str:
    shape = p.shapes[x]
    places = [(size * place + 1) % shape[1] for place in range(1 + size)]
    return p.op("Gather", x, p.net.integers(*places), axis=1, shape=(0, len(places), *shape[2:]))


def shuffled(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4:
        return None
    _, count, height, width = p.shapes[x]
    groups = divisor(count, size)
    split = p.reshape(x, 0, groups, count // groups, height, width)
    turned = p.op("Transpose", split, perm=[0, 2, 1, 3, 4], shape=(0, count // groups, groups, height, width))
    return p.reshape(turned, 0, count, height, width)


def resized(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4 or p.shapes[x][2] > 8:
        return None
    _, count, height, width = p.shapes[x]
    if size % 2:
        return p.op("SpaceToDepth", x, blocksize=2, shape=(0, 4 * count, height // 2, width // 2)) if not (
            height % 2 or width % 2
        ) else None  # fmt: skip
    scales = p.net.constant([1, 1, 2, 2])
    return p.op("Resize", x, "", scales, mode="nearest", shape=(0, count, 2 * height, 2 * width))


def padded(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4:
        return None
    _, count, height, width = p.shapes[x]
    more = size % 2
    pads = p.net.integers(0, more, 1, 0, 0, 0, 0, 1)
    return p.op("Pad", x, pads, shape=(0, count + more, height + 1, width + 1))


def mixed(p: Program, x: str, y: str, size: int) -> str | None:
    return p.op("Softmax", x, axis=1 + size % (len(p.shapes[x]) - 1))


def tokens(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 4:
        return None
    _, count, height, width = p.shapes[x]
    rows = p.reshape(x, 0, count, height * width)
    return p.op("Transpose", rows, perm=[0, 2, 1], shape=(0, height * width, count))


def projected(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 3:
        return None
    _, steps, count = p.shapes[x]
    wide = p.op("MatMul", x, p.net.random(count, 2 + size), shape=(0, steps, 2 + size))
    return p.op("Add", wide, p.net.random(2 + size))


def attended(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 3:
        return None
    _, steps, count = p.shapes[x]
    heads, width = 1 + size % 2, 1 + size % 3
    mixed = p.op("MatMul", x, p.net.random(count, 3 * heads * width), shape=(0, steps, 3 * heads * width))
    apart = p.reshape(mixed, 0, steps, 3, heads, width)
    turned = p.op("Transpose", apart, perm=[2, 0, 3, 1, 4], shape=(3, 0, heads, steps, width))
    q, k, v = (
        p.op("Gather", turned, p.net.constant(i, "int64"), axis=0, shape=(0, heads, steps, width)) for i in range(3)
    )
    scores = p.op("MatMul", q, p.op("Transpose", k, perm=[0, 1, 3, 2]), shape=(0, heads, steps, steps))
    made = p.op("MatMul", p.op("Softmax", scores, axis=-1), v, shape=(0, heads, steps, width))
    return p.reshape(
        p.op("Transpose", made, perm=[0, 2, 1, 3], shape=(0, steps, heads, width)), 0, steps, heads * width
    )


def recurrent(p: Program, x: str, y: str, size: int) -> str | None:
    if len(p.shapes[x]) != 3:
        return None
    _, steps, count = p.shapes[x]
    units = 2 + size % 4
    series = p.op("Transpose", x, perm=[1, 0, 2])
    kernels = p.net.random(1, 4 * units, count), p.net.random(1, 4 * units, units), p.net.random(1, 8 * units)
    made = p.op("LSTM", series, *kernels, hidden_size=units, shape=(steps, 1, 0, units))
    return p.op("Transpose", p.op("Squeeze", made, p.net.integers(1)), perm=[1, 0, 2], shape=(0, steps, units))


def averaged(p: Program, x: str, y: str, size: int) -> str | None:
    shape = p.shapes[x]
    if len(shape) < 3:
        return None
    axis = len(shape) - 1 - size % 2
    kind = ("ReduceMean", "ReduceSum", "ReduceMax")[size % 3]
    return p.op(kind, x, p.net.integers(axis), keepdims=1, shape=(*shape[:axis], 1, *shape[axis + 1 :]))


def flattened(p: Program, x: str, y: str, size: int) -> str:
    return p.op("Flatten", x, shape=(0, math.prod(p.shapes[x][1:])))


STEPS: dict[str, Callable[[Program, str, str, int], str | list[str] | None]] = {
    each.__name__: each
    for each in (
        dense, convolution, grouped, depthwise, transposed, normalised, activated, swish, with_constant, prelu, pooled,
        excited, added, joined, split, sliced, gathered, shuffled, resized, padded, mixed, tokens, projected, attended,
        recurrent, averaged, flattened,
    )
}  # fmt: skip
LARGEST = 3000  # elements of a tensor


def build(program: Sequence[Step], path: Path) -> Path:
    """The graph of a program: an output that depends on every tensor that nothing else reads."""
    p = Program()
    p.put("image", 0, 3, 6, 6)
    tensors = [p.conv("image", 6)]
    for kind, a, b, size in program:
        x, y = tensors[-1 - a % min(len(tensors), 4)], tensors[-1 - b % min(len(tensors), 4)]
        made = STEPS[kind](p, x, y, size)
        found = [] if made is None else made if isinstance(made, list) else [made]
        tensors += [each for each in found if math.prod(p.shapes[each][1:]) <= LARGEST]
    used = {name for node in p.net.nodes for name in node.input}
    ends = [each for each in tensors if each not in used] or tensors[-1:]
    flat = [flattened(p, each, each, 0) for each in ends]
    count = sum(p.shapes[each][1] for each in flat)
    whole = p.op("Concat", *flat, axis=1, shape=(0, count)) if len(flat) > 1 else flat[0]
    return p.net.save(path, [p.net.dense(whole, count, 4, name="classes")])
