"""Fold the Transpose before Flatten and Dense into the rows of the Dense kernel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from harness.export.lazy import changed

ELEMENTWISE = {
    "Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Mish", "Softplus", "Softsign", "Tanh",
    "Erf", "Exp", "Abs", "Neg", "Sqrt", "Clip",
}  # fmt: skip


Kernels = dict[tuple[ir.Value, tuple[int, ...], tuple[int, ...], bool], ir.Value]
"""Reordered kernels: by the kernel, the sizes and axes of the Transpose, and whether the rows are the last axis."""


@dataclass(frozen=True)
class Fold:
    """A Transpose, the flattening after it, and the matrix products that read the flat values."""

    transpose: ir.Node
    flatten: ir.Node
    products: tuple[ir.Node, ...]


class FoldTransposeIntoDense(ir.passes.InPlacePass):
    """Let Flatten read the values as they lie before the Transpose, and reorder the Dense kernel's rows to match.

    Keras flattens channels last, ONNX convolutions leave channels first, so tf2onnx transposes every feature map in
    between. Row r of the kernel belongs to the r-th flat value: when the values come in another order, so must the
    rows, and the product is the same. Between Flatten and the products, functions of single elements may stand.

    Requires: shapes were inferred, reshape targets are constant, constants are initializers.
    Ensures: no Transpose that keeps the batch first is left whose flattened values are read only by matrix products
        with constant kernels; its own other uses don't matter.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Fold each Transpose that can be; modified where there was one."""
        folds = list(_folds(model.graph))
        made: Kernels = {}
        for fold in folds:
            for product in fold.products:
                _reorder_rows(model.graph, product, fold.transpose, made)
            fold.flatten.replace_input_with(0, fold.transpose.inputs[0])
        return ir.passes.PassResult(model, bool(folds))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where one can still be folded."""
        for fold in _folds(model.graph):
            raise ir.passes.PostconditionError(f"{fold.transpose.name} can still be folded")


def _folds(graph: ir.Graph) -> Iterator[Fold]:
    for flatten in graph:
        transpose = flatten.inputs[0].producer() if flatten.inputs and flatten.inputs[0] is not None else None
        if transpose is None or transpose.op_type != "Transpose" or transpose.domain:
            continue
        if _permutation(transpose)[0] == 0 and _flattens(flatten, transpose):
            products = _products(flatten.outputs[0])
            if products:
                yield Fold(transpose, flatten, tuple(products))


def _permutation(transpose: ir.Node) -> list[int]:
    """The axes of the output, as axes of the input; reversed where the attribute is missing, and [-1] for rank 0."""
    if "perm" in transpose.attributes:
        return list(transpose.attributes["perm"].as_ints())
    return [-1]


def _sizes(value: ir.Value | None) -> list[int] | None:
    """All sizes after the batch, or None where one is not known."""
    if value is None or value.shape is None or len(value.shape) < 2:
        return None
    sizes = [size for size in value.shape[1:] if isinstance(size, int)]
    return sizes if len(sizes) == len(value.shape) - 1 else None


def _flattens(node: ir.Node, transpose: ir.Node) -> bool:
    """Whether a node makes (N, ...) into (N, K) with all else in one axis."""
    sizes = _sizes(transpose.inputs[0])
    if sizes is None or node.domain:
        return False
    if node.op_type == "Flatten":
        return node.attributes.get_int("axis", 1) == 1
    target = ir.convenience.get_const_tensor(node.inputs[1]) if node.op_type == "Reshape" and node.inputs[1] else None
    if target is None:
        return False
    shape, flat = target.numpy().tolist(), math.prod(sizes)
    return len(shape) == 2 and (shape in ([-1, flat], [0, flat], [0, -1]) or shape == [_batch(transpose), flat])


def _batch(transpose: ir.Node) -> int | None:
    """The batch that a Transpose reads, where it is fixed."""
    value = transpose.inputs[0]
    first = None if value is None or value.shape is None else value.shape[0]
    return first if isinstance(first, int) else None


def _products(value: ir.Value) -> list[ir.Node]:
    """The matrix products that read the flat values; none where anything else reads them."""
    if value.is_graph_output():
        return []
    products: list[ir.Node] = []
    for node in value.consumers():
        if _is_product(node, value):
            products.append(node)
        elif node.op_type in ELEMENTWISE and not node.domain and node.inputs[0] is value:
            beyond = _products(node.outputs[0])
            if not beyond:
                return []
            products.extend(beyond)
        else:
            return []
    return products


def _is_product(node: ir.Node, value: ir.Value) -> bool:
    """Whether a node is (N, K) @ (K, M) with a constant on the right."""
    if node.op_type not in {"MatMul", "Gemm"} or node.domain or node.inputs[0] is not value:
        return False
    kernel = ir.convenience.get_const_tensor(node.inputs[1]) if node.inputs[1] is not None else None
    is_matrix = kernel is not None and len(kernel.shape) == 2
    return is_matrix and value not in node.inputs[1:] and node.attributes.get_int("transA", 0) == 0


def _reorder_rows(graph: ir.Graph, product: ir.Node, transpose: ir.Node, made: Kernels) -> None:
    """Give a product a kernel whose rows are in the order in which the Transpose reads; one for all that share it."""
    sizes = _sizes(transpose.inputs[0])
    kernel = product.inputs[1]
    assert sizes is not None
    assert kernel is not None
    axes = _permutation(transpose)[1:]
    rows_last = product.attributes.get_int("transB", 0) == 1
    key = (kernel, tuple(sizes), tuple(axes), rows_last)
    if key not in made:
        tensor = ir.convenience.get_const_tensor(kernel)
        assert tensor is not None

        def reordered(values: NDArray[np.generic]) -> NDArray[np.generic]:
            found = rows_before_transpose(values.T if rows_last else values, sizes, axes)
            return found.T if rows_last else found

        made[key] = ir.val(
            f"{product.outputs[0].name}_kernel",
            const_value=changed(tensor, reordered, tuple(tensor.shape.numpy())),
        )
        graph.register_initializer(made[key])
    product.replace_input_with(1, made[key])


def rows_before_transpose(kernel: NDArray[np.generic], sizes: list[int], axes: list[int]) -> NDArray[np.generic]:
    """The kernel for values flattened before a Transpose, from the kernel for values flattened after it.

    Args:
        kernel: (K, M); row r belongs to the r-th value after the Transpose.
        sizes: of the values before the Transpose, without the batch; their product is K.
        axes: the Transpose's axes after the batch, each from 1 on.
    """
    order = [axis - 1 for axis in axes]
    grid = kernel.reshape([sizes[axis] for axis in order] + [kernel.shape[1]])
    back = [order.index(axis) for axis in range(len(order))]
    return grid.transpose([*back, len(order)]).reshape(kernel.shape)
