"""How nodes are linear in their kernels: Conv, ConvTranspose, Gemm, and MatMul with a constant."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from harness.prune.onnx.graph.graph import constant
from harness.prune.onnx.graph.running import Runner
from harness.prune.recover.reconstruct.designs.linear import Array, Linear, UnsolvableError
from harness.prune.recover.reconstruct.designs.rows import Rows

KINDS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
NOTHING = 0


def linear(node: ir.Node) -> Linear:
    """How a node is linear in its second input.

    Raises:
        UnsolvableError: it is not, or not known to be.
    """
    kernel = constant(node.inputs[1])
    if kernel is None or kernel.dtype != np.float32:
        raise UnsolvableError("its kernel is no float32 constant")
    value = node.inputs[1]
    if value is not None and len(value.uses()) > 1:
        raise UnsolvableError("it shares its kernel")
    if node.op_type in CONVOLUTIONS:
        return CONVOLUTIONS[node.op_type](node, kernel)
    if kernel.ndim != 2:
        raise UnsolvableError("its kernel has more than two axes")
    settings = {name: each.value for name, each in node.attributes.items()}
    if settings.get("transA") or settings.get("alpha", 1.0) != 1 or settings.get("beta", 1.0) != 1:
        raise UnsolvableError("it scales or transposes what it reads")
    return Product(bool(settings.get("transB", 0)))


class Product(Linear):
    """A matrix product over the last axis of what it reads."""

    def __init__(self, transposed: bool) -> None:
        self._transposed = transposed

    def axes(self, rank: int) -> tuple[int, ...]:
        """All but the last."""
        return tuple(range(rank - 1))

    def design(self, x: Array, rows: Rows) -> Array:
        """What is read at these positions: (rows, 1, columns)."""
        return np.asarray(rows.of(x, self.axes(x.ndim))[:, None])

    def matrix(self, kernel: Array) -> Array:
        """One block: (1, columns, outputs)."""
        return kernel.T[None] if self._transposed else kernel[None]

    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """The kernel as the node has it."""
        return np.asarray((matrix[0].T if self._transposed else matrix[0]).reshape(shape))


class Convolution(Linear):
    """A convolution, in blocks that are its groups. What its offsets meet is found by sending positions through it."""

    def __init__(self, node: ir.Node, kernel: Array) -> None:
        self._node, self._size = node, kernel.shape[2:]
        group = node.attributes.get("group")
        self._groups = 1 if group is None else group.as_int()
        self._tables: dict[tuple[int, ...], Array] = {}

    def axes(self, rank: int) -> tuple[int, ...]:
        """All but that of the channels."""
        return (0, *range(2, rank))

    def design(self, x: Array, rows: Rows) -> Array:
        """What each group's kernel meets at these positions: (rows, groups, channels of a group x offsets)."""
        sizes = x.shape[2:]
        if sizes not in self._tables:
            self._tables[sizes] = self._table(sizes)
        examples, *places = rows.index
        table = np.moveaxis(self._tables[sizes], 0, -1)
        met = table[tuple(places)].T  # (offsets, rows)
        flat = np.moveaxis(x.reshape(*x.shape[:2], -1), 1, 2)
        taken = flat[examples[None], np.maximum(met - 1, 0)]  # (offsets, rows, channels)
        taken[met == NOTHING] = 0
        columns = np.moveaxis(taken, 0, 2)
        return np.asarray(columns.reshape(len(rows), self._groups, -1))

    def matrix(self, kernel: Array) -> Array:
        """(groups, channels of a group x offsets, filters of a group)."""
        grouped = kernel.reshape(self._groups, kernel.shape[0] // self._groups, -1)
        return grouped.swapaxes(1, 2)

    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """The kernel as the node has it: (filters, channels of a group, ...)."""
        return matrix.swapaxes(1, 2).reshape(shape)

    def _table(self, sizes: tuple[int, ...]) -> Array:
        """For each offset and each position of the output the number of the input's position that it meets, from 1."""
        count, offsets = math.prod(sizes), math.prod(self._size)
        if count >= 2**24:
            raise UnsolvableError("what it reads is too large")
        places = np.arange(1, count + 1, dtype=np.float32).reshape(1, 1, *sizes)
        kernel = self._apart(np.eye(offsets, dtype=np.float32))
        (made,) = Runner(self._alone(places.shape, kernel)).run({"x": places})
        return np.asarray(np.rint(made[0]).astype(np.int64))

    def _apart(self, filters: Array) -> Array:
        """A kernel of one channel, from filters (offsets, offsets)."""
        return filters.reshape(len(filters), 1, *self._size)

    def _alone(self, shape: tuple[int, ...], kernel: Array) -> ir.Model:
        """A model of this convolution alone, of one channel, with a filter for each offset."""
        x, y = (ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT)) for name in "xy")
        x.shape = ir.Shape(shape)
        held = ir.Value(name="k", shape=ir.Shape(kernel.shape), type=ir.TensorType(ir.DataType.FLOAT))
        held.const_value = ir.Tensor(kernel, name="k")
        attributes: list[Any] = [each for name, each in self._node.attributes.items() if name != "group"]
        node = ir.Node("", self._node.op_type, [x, held], attributes, outputs=[y])
        graph = ir.Graph([x], [y], nodes=[node], initializers=[held], opset_imports={"": 11}, name="alone")
        return ir.Model(graph, ir_version=8)


class Transposed(Convolution):
    """A transposed convolution: at each position, too, an offset meets one position of the input, or none."""

    def matrix(self, kernel: Array) -> Array:
        """(groups, channels of a group x offsets, filters of a group)."""
        grouped = kernel.reshape(self._groups, kernel.shape[0] // self._groups, kernel.shape[1], -1)
        return grouped.swapaxes(2, 3).reshape(self._groups, -1, kernel.shape[1])

    def kernel(self, matrix: Array, shape: tuple[int, ...]) -> Array:
        """The kernel as the node has it: (channels, filters of a group, ...)."""
        grouped = matrix.reshape(self._groups, shape[0] // self._groups, -1, shape[1])
        return grouped.swapaxes(2, 3).reshape(shape)

    def _apart(self, filters: Array) -> Array:
        return filters.reshape(1, len(filters), *self._size)


CONVOLUTIONS = {"Conv": Convolution, "ConvTranspose": Transposed}
