"""Let a convolution take up what scales and shifts its channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from harness.export.lazy import changed


@dataclass(frozen=True)
class Scaled:
    """A convolution without a bias, its kernel, the Mul that alone reads it, and its constants, (C,) or (1,)."""

    convolution: ir.Node
    kernel: ir.TensorProtocol
    multiply: ir.Node
    scale: NDArray[np.float32]


class ScaleWeights(ir.passes.InPlacePass):
    """Scale a convolution's kernel where a Mul scales its channels, and make the Add behind that its bias.

    So a BatchNormalization becomes part of the convolution before it. TensorFlow and tf2onnx do so where the kernel is
    a constant, but large weights are kept out of the graph while they work; those are what is scaled here.

    Requires: constants are initializers, in the shape that the convolution reads.
    Ensures: no convolution with such a kernel and no bias is read by a Mul alone that has one constant for all channels
        or for each.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Scale each; modified where there was one."""
        found = list(_scaled(model.graph))
        for each in found:
            _scale(model.graph, each)
        return ir.passes.PassResult(model, bool(found))

    def ensures(self, model: ir.Model) -> None:
        """Raise PostconditionError where one is left."""
        for each in _scaled(model.graph):
            raise ir.passes.PostconditionError(f"{each.multiply.name} still scales what a convolution makes")


def _scaled(graph: ir.Graph) -> Iterator[Scaled]:
    for node in graph:
        kernel = _kernel(node)
        multiply = None if kernel is None else _only_reader(node.outputs[0], "Mul")
        scale = None if multiply is None or kernel is None else _by_channel(multiply, node.outputs[0], kernel)
        if kernel is not None and multiply is not None and scale is not None:
            yield Scaled(node, kernel, multiply, scale)


def _kernel(node: ir.Node) -> ir.LazyTensor | None:
    """The kernel of a convolution that has nothing else, where it was kept out of the graph."""
    if node.op_type != "Conv" or node.domain or len(node.inputs) > 2 or node.inputs[1] is None:
        return None
    tensor = node.inputs[1].const_value
    return tensor if isinstance(tensor, ir.LazyTensor) else None


def _only_reader(value: ir.Value, operation: str) -> ir.Node | None:
    """The node of that kind that alone reads a value, once."""
    uses = list(value.uses())
    if value.is_graph_output() or len(uses) != 1 or uses[0].node.op_type != operation or uses[0].node.domain:
        return None
    return uses[0].node


def _by_channel(node: ir.Node, data: ir.Value, kernel: ir.TensorProtocol) -> NDArray[np.float32] | None:
    """The constants that a node has beside `data`, (C,) or (1,), where they lie along the C channels of a kernel."""
    (other,) = [value for value in node.inputs if value is not data]
    tensor = None if other is None else ir.convenience.get_const_tensor(other)
    if tensor is None or tensor.dtype != ir.DataType.FLOAT:
        return None
    along = (kernel.shape[0], *[1] * (len(kernel.shape) - 2))
    shape = tuple(tensor.shape)
    if shape not in (along, (1, *along)) and (tensor.size != 1 or len(shape) > len(kernel.shape)):
        return None
    held: NDArray[np.float32] = tensor.numpy().reshape(-1)
    return held


def _scale(graph: ir.Graph, each: Scaled) -> None:
    factors = each.scale.reshape(-1, *[1] * (len(each.kernel.shape) - 1))
    made = each.multiply.outputs[0]
    replaced = [each.convolution, each.multiply]
    kernel = changed(each.kernel, lambda values: values * factors, tuple(each.kernel.shape.numpy()))
    weights = {"kernel": kernel}
    add = _only_reader(made, "Add")
    offset = None if add is None else _by_channel(add, made, each.kernel)
    if add is not None and offset is not None and len(offset) == kernel.shape[0]:
        replaced.append(add)
        made, weights["bias"] = add.outputs[0], ir.tensor(np.ascontiguousarray(offset))
    values = [ir.val(f"{made.name}_{name}", const_value=tensor) for name, tensor in weights.items()]
    for value in values:
        graph.register_initializer(value)
    node = ir.node("Conv", [each.convolution.inputs[0], *values], dict(each.convolution.attributes))
    node.outputs[0].name, node.outputs[0].shape, node.outputs[0].type = f"{made.name}_scaled", made.shape, made.type
    graph.insert_before(each.convolution, node)
    ir.convenience.replace_all_uses_with(made, node.outputs[0], replace_graph_outputs=True)
    graph.remove(replaced, safe=True)
