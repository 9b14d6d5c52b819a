"""The shapes of a graph's tensors, by ONNX's own inference; what a graph computes of shapes is computed on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnx

Array = npt.NDArray[Any]
Shape = tuple[int | None, ...]

LARGEST_SHAPE_DATA = 1024
NEVER = (
    "Constant",
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Bernoulli",
    "Multinomial",
)


def infer_shapes(proto: onnx.ModelProto, inputs: Mapping[str, Sequence[int]]) -> dict[str, Shape]:
    """The shape of every tensor, None where a dimension stays unknown; without those whose rank does.

    Shapes stored in the file are not trusted; large weights are replaced by their shapes, so that the file's size
    does not matter. Where inference fails, only the weights' shapes are known.

    ONNX's inference follows no shape through the Shape, Slice and Concat of older opsets. Where something stays
    unknown, such chains are computed and put in as constants, as long as that tells more.
    """
    light = _light(proto, inputs)
    shapes: dict[str, Shape] = {tensor.name: tuple(tensor.dims) for tensor in proto.graph.initializer}
    while True:
        shapes |= _inferred(light)
        wanted = [name for node in light.graph.node for name in node.output if name]
        if all(name in shapes and None not in shapes[name] for name in wanted):
            return shapes
        folded = _fold(light, shapes)
        if not folded:
            return shapes
        shapes |= folded


def _light(proto: onnx.ModelProto, inputs: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
    """The model without its large weights, fed with inputs of these shapes."""
    import onnx

    light = onnx.ModelProto(ir_version=proto.ir_version, opset_import=proto.opset_import, functions=proto.functions)
    light.graph.name = proto.graph.name or "graph"
    light.graph.node.extend(proto.graph.node)
    light.graph.output.extend(onnx.ValueInfoProto(name=output.name) for output in proto.graph.output)
    for tensor in proto.graph.initializer:
        stored = tensor.data_location != onnx.TensorProto.EXTERNAL
        if stored and math.prod(tensor.dims) <= LARGEST_SHAPE_DATA:
            light.graph.initializer.append(tensor)
        else:
            light.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    for value in proto.graph.input:
        if value.name in inputs:
            kind = value.type.tensor_type.elem_type
            light.graph.input.append(onnx.helper.make_tensor_value_info(value.name, kind, inputs[value.name]))
    return light


def _inferred(light: onnx.ModelProto) -> dict[str, Shape]:
    import onnx

    try:
        inferred = onnx.shape_inference.infer_shapes(light, data_prop=True).graph
    except onnx.shape_inference.InferenceError:  # an operator it does not know, or a graph that contradicts itself
        return {}
    return {
        value.name: tuple(
            size.dim_value if size.HasField("dim_value") else None for size in value.type.tensor_type.shape.dim
        )
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
        if value.type.tensor_type.HasField("shape")
    }


def _fold(light: onnx.ModelProto, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Put constants in the place of the nodes that compute small tensors of shapes and constants alone.

    Returns:
        The shapes of what those nodes computed; none where there is no such node.
    """
    import onnx

    known, folded, left = _constants(light.graph), dict[str, Shape](), list[onnx.NodeProto]()
    opsets = {each.domain: each.version for each in light.opset_import}
    outputs = {value.name for value in light.graph.output}
    for node in light.graph.node:
        made = None if outputs.intersection(node.output) else _computed(node, known, shapes, opsets)
        if made is None:
            left.append(node)
            continue
        known |= made
        folded |= {name: array.shape for name, array in made.items()}
        light.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in made.items())
    del light.graph.node[:]
    light.graph.node.extend(left)
    return folded


def _constants(graph: onnx.GraphProto) -> dict[str, Array]:
    """What is known already, by name: small initializers and Constant nodes."""
    import onnx

    held = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        value = next((each.t for each in node.attribute if each.name == "value"), None)
        if node.op_type == "Constant" and value is not None and math.prod(value.dims) <= LARGEST_SHAPE_DATA:
            held[node.output[0]] = value
    return {name: onnx.numpy_helper.to_array(tensor) for name, tensor in held.items()}


def _computed(
    node: onnx.NodeProto, known: Mapping[str, Array], shapes: Mapping[str, Shape], opsets: Mapping[str, int]
) -> dict[str, Array] | None:
    """What a node makes, by name, where that follows from what is known and is small; None where it does not."""
    from onnx.reference import ReferenceEvaluator

    if (
        node.domain not in ("", "ai.onnx")
        or node.op_type in NEVER
        or any(each.HasField("g") for each in node.attribute)
    ):
        return None
    feeds = {name: known[name] for name in node.input if name in known}
    if node.op_type in ("Shape", "Size"):
        read = shapes.get(node.input[0])
        if read is None or None in read:
            return None
        feeds = {node.input[0]: np.broadcast_to(np.float32(0), read)}  # type: ignore[arg-type]
    elif not node.input or len(feeds) < len({name for name in node.input if name}):
        return None
    try:
        made = ReferenceEvaluator(node, opsets=dict(opsets)).run(None, feeds)
    except Exception:  # it raises many kinds where it can't compute an operator: its shape stays unknown then
        return None
    arrays = {name: np.asarray(each) for name, each in zip(node.output, made, strict=False) if name}
    return arrays if all(array.size <= LARGEST_SHAPE_DATA for array in arrays.values()) else None
