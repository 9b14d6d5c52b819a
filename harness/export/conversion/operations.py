"""TensorFlow operations that tf2onnx has no handler for, and that ONNX can say in a few of its own.

Each handler takes tf2onnx's graph and one of its nodes, and puts ONNX nodes in that node's place. `name` and `_` are
what tf2onnx hands over beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Handler = Callable[[Any, Any, str, Any], None]


def erfc(graph: Any, node: Any, name: str, _: Any) -> None:
    """1 − erf(x); and 1 + erf(x / c) of −x · (1 / c), of which ONNX Runtime makes one Gelu with what is around it."""
    one = _constant(graph, node, "one", 1)
    product = node.inputs[0]
    parts = product.inputs if product is not None and product.type == "Mul" else []
    negated, factor = parts if len(parts) == 2 and None not in parts else (node, node)
    if negated.type == "Neg" and factor.is_const() and factor.get_tensor_value(as_list=False).size == 1:
        divisor = _constant(graph, node, "divisor", 1 / float(factor.get_tensor_value(as_list=False)))
        quotient = _node(graph, "Div", [negated.input[0], divisor])
        _put(graph, node, "Add", [_node(graph, "Erf", [quotient]), one])
    else:
        _put(graph, node, "Sub", [one, _node(graph, "Erf", [node.input[0]])])


def expm1(graph: Any, node: Any, name: str, _: Any) -> None:
    """exp(x) − 1."""
    _put(graph, node, "Sub", [_node(graph, "Exp", [node.input[0]]), _constant(graph, node, "one", 1)])


def log1p(graph: Any, node: Any, name: str, _: Any) -> None:
    """log(1 + x)."""
    _put(graph, node, "Log", [_node(graph, "Add", [node.input[0], _constant(graph, node, "one", 1)])])


def bucketize(graph: Any, node: Any, name: str, _: Any) -> None:
    """The number of boundaries that x has reached."""
    boundaries = np.array(node.get_attr_value("boundaries"), np.float32)
    x = _node(graph, "Cast", [node.input[0]], {"to": _onnx_type(np.float32)})
    last = _constant(graph, node, "last", [-1], np.int64)
    column = _node(graph, "Unsqueeze", [x, last])
    reached = _node(graph, "GreaterOrEqual", [column, _constant(graph, node, "boundaries", boundaries, np.float32)])
    counted = _node(graph, "Cast", [reached], {"to": _onnx_type(np.int32)})
    _put(graph, node, "ReduceSum", [counted, last], {"keepdims": 0})


def bitcast(graph: Any, node: Any, name: str, _: Any) -> None:
    """An integer with the sign bit of x, where nothing but the sign bit is read (Keras's signbit and argmax do)."""
    readers = graph.find_output_consumers(node.output[0])
    if graph.get_dtype(node.input[0]) != _onnx_type(np.float32) or not readers or not all(map(_reads_sign, readers)):
        return
    x, zero = node.input[0], _constant(graph, node, "zero", 0)
    infinity = _node(graph, "Div", [_constant(graph, node, "one", 1), x])  # the sign of a zero shows here alone
    signed = _node(graph, "Where", [_node(graph, "Equal", [x, zero]), infinity, x])
    _put(graph, node, "Cast", [_node(graph, "Sign", [signed])], {"to": _onnx_type(np.int32)})


def conv3d(graph: Any, node: Any, name: str, _: Any) -> None:
    """tf2onnx's own convolution, with the groups that it counts in 2D only."""
    from tf2onnx.onnx_opset.nn import ConvOp

    channels, per_group = graph.get_shape(node.input[0])[-1], graph.get_shape(node.input[1])[-2]
    ConvOp.any_version(graph.opset, graph, node)
    node.set_attr("group", channels // per_group)


def conv_transpose(graph: Any, node: Any, name: str, _: Any) -> None:
    """tf2onnx's own transposed convolution; what it would pad by less than nothing is more output at the end.

    So it is where strides are longer than the kernel, or where Keras is given an output padding.
    """
    from tf2onnx.onnx_opset.nn import ConvTranspose

    ConvTranspose.version_11(graph, node)
    pads = node.get_attr_value("pads") or []
    more = [max(0, -first - last) for first, last in zip(pads[: len(pads) // 2], pads[len(pads) // 2 :], strict=True)]
    if any(more):
        node.set_attr("pads", [0 if missing else pad for pad, missing in zip(pads, more * 2, strict=True)])
        node.set_attr("output_padding", more)


def resize(graph: Any, node: Any, name: str, _: Any) -> None:
    """tf2onnx's own Resize, with sizes instead of scales where a size would not follow exactly from its scale.

    A bicubic one stays unless it doubles: TensorFlow looks its coefficients up in a table, where ONNX computes them.
    """
    from tf2onnx.onnx_opset.nn import Resize

    kind, target = node.type, node.inputs[1]
    old = (graph.get_shape(node.input[0]) or [-1] * 4)[1:3]
    is_known = target is not None and target.is_const() and min(old) > 0
    new = [int(size) for size in target.get_tensor_value()] if is_known else None
    if kind == "ResizeBicubic" and not (new and all(map(_doubles, old, new))):
        return
    Resize.version_11(graph, node)
    if new and not all(map(follows, old, new)):
        resized = graph.get_node_by_name(name).inputs[0]
        image, region = resized.input[:2]
        first = [_constant(graph, resized, "place", [place], np.int64) for place in (0, 2)]
        kept = _node(graph, "Slice", [_node(graph, "Shape", [image]), *first])
        sizes = _node(graph, "Concat", [kept, _constant(graph, resized, "sizes", new, np.int64)], {"axis": 0})
        graph.replace_inputs(resized, [image, region, _constant(graph, resized, "none", [], np.float32), sizes])


def follows(old: int, new: int) -> bool:
    """Whether a size follows from its scale, in whatever precision a reader multiplies.

    10 → 7 is 0.7, which as float32 is a little less, so that some readers make 6 of it.
    """
    return math.floor(old * float(np.float32(new / old))) == new


def _doubles(old: int, new: int) -> bool:
    """Whether a size is doubled, any number of times, or kept."""
    factor = new // old
    return new % old == 0 and factor & (factor - 1) == 0


HANDLERS: Mapping[str, Handler] = {
    "Erfc": erfc,
    "Expm1": expm1,
    "Log1p": log1p,
    "Bucketize": bucketize,
    "Bitcast": bitcast,
    "Conv3D": conv3d,
    "Conv2DBackpropInput": conv_transpose,
    "Conv3DBackpropInputV2": conv_transpose,
    "ResizeBicubic": resize,
    "ResizeBilinear": resize,
    "ResizeNearestNeighbor": resize,
}


def tf2onnx_handlers() -> dict[str, tuple[Handler, list[str]]]:
    """The handlers as `custom_op_handlers` of tf2onnx takes them."""
    return {operation: (handler, []) for operation, handler in HANDLERS.items()}


def _reads_sign(reader: Any) -> bool:
    """Whether a node takes no bit but the highest."""
    masks = [value.get_tensor_value() for value in reader.inputs if value.is_const()]
    return reader.type == "BitwiseAnd" and masks == [np.iinfo(np.int32).min]


def _constant(graph: Any, node: Any, name: str, value: Any, dtype: Any = None) -> str:
    """A constant of the given type, or else of the type of the node's first input."""
    from tf2onnx import utils

    if dtype is None:
        dtype = utils.map_onnx_to_numpy_type(graph.get_dtype(node.input[0]))
    output: str = graph.make_const(utils.make_name(f"{node.name}_{name}"), np.array(value, dtype)).output[0]
    return output


def _node(graph: Any, operation: str, inputs: list[str], attributes: Mapping[str, Any] | None = None) -> str:
    """A new node's output."""
    output: str = graph.make_node(operation, inputs, attr=dict(attributes or {})).output[0]
    return output


def _put(graph: Any, node: Any, operation: str, inputs: list[str], attributes: Mapping[str, Any] | None = None) -> None:
    """Put a node in another's place, with its name, outputs, shapes and types."""
    shapes, types = node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    graph.make_node(
        operation,
        inputs,
        attr=dict(attributes or {}),
        name=node.name,
        outputs=node.output,
        shapes=shapes,
        dtypes=types,
    )


def _onnx_type(dtype: Any) -> int:
    from tf2onnx import utils

    found: int = utils.map_numpy_to_onnx_dtype(np.dtype(dtype))
    return found
