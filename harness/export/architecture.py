"""What an ONNX file computes, apart from the values of its weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx_ir as ir
from onnx_ir.passes import common

from harness.base.errors import ExportError
from harness.export.node_order import canonical_order

WEIGHT_TYPES = {
    ir.DataType.FLOAT,
    ir.DataType.FLOAT16,
    ir.DataType.BFLOAT16,
    ir.DataType.DOUBLE,
    ir.DataType.INT8,
    ir.DataType.UINT8,
}
# The places of a quantization's numbers, which are weights of a kind, whatever their type and rank: scales, zero
# points, and what is quantized already.
QUANTIZATION: Mapping[str, tuple[int, ...]] = {"QuantizeLinear": (1, 2), "DequantizeLinear": (0, 1, 2)}
SETTINGS: Mapping[str, tuple[int, ...]] = {"Resize": (1, 2), "Upsample": (1,), "OneHot": (2,)}

Labels = dict[ir.Value, str]


def architecture_digest(path: Path) -> str:
    """SHA-256 of the graph: operations, attributes, shapes and types, and how they are wired; names don't count.

    Of the weights (constants of rank 1 and more, of floats or 8-bit integers, and the numbers of quantizations) only
    shape and type count. Other constants are settings and count in full: shapes, axes, paddings, indices, limits, the
    scales of a Resize. So two seeds of one network have one digest, and any change that could change a kernel gives
    another.

    Raises:
        ExportError: the file can't be read as ONNX.
    """
    try:
        model = ir.load(path)
    except Exception as error:
        raise ExportError(f"{path}: can't be read as ONNX; give the path of a complete .onnx file") from error
    if model.functions:
        common.InlinePass()(model)
    description = {
        "opsets": sorted(model.opset_imports.items()),
        "graph": _describe_graph(model.graph, {}, ""),
    }
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def _describe_graph(graph: ir.Graph, outer: Labels, prefix: str) -> dict[str, Any]:
    """The graph as JSON; `outer` are the values of the graphs around it, `prefix` sets its own labels apart."""
    labels = dict(outer)
    inputs = [value for value in graph.inputs if not value.is_initializer()]
    labels.update({value: f"{prefix}input {index}" for index, value in enumerate(inputs)})
    nodes = []
    for index, node in enumerate(canonical_order(graph)):
        if node.op_type == "Constant":
            continue
        labels.update({value: f"{prefix}node {index}.{output}" for output, value in enumerate(node.outputs)})
        nodes.append(
            {
                "index": index,
                "op": [node.domain, node.op_type],
                "attributes": {
                    name: _describe_attribute(attribute, labels, f"{prefix}{index}.{name}/")
                    for name, attribute in node.attributes.items()
                },
                "inputs": [
                    _describe_value(
                        value,
                        labels,
                        counts=position in SETTINGS.get(node.op_type, ()),
                        weight=position in QUANTIZATION.get(node.op_type, ()),
                    )
                    for position, value in enumerate(node.inputs)
                ],
                "outputs": len(node.outputs),
            }
        )
    return {
        "inputs": [[str(value.dtype), _describe_shape(value.shape)] for value in inputs],
        "nodes": nodes,
        "outputs": [_describe_value(value, labels) for value in graph.outputs],
    }


def _describe_attribute(attribute: ir.Attr, labels: Labels, prefix: str) -> Any:
    if attribute.type == ir.AttributeType.GRAPH:
        return _describe_graph(attribute.as_graph(), labels, prefix)
    if attribute.type == ir.AttributeType.GRAPHS:
        return [_describe_graph(graph, labels, f"{prefix}{i}/") for i, graph in enumerate(attribute.as_graphs())]
    if attribute.type == ir.AttributeType.TENSOR:
        return _describe_constant(attribute.as_tensor(), counts=False)
    return [str(attribute.type), repr(attribute.value)]


def _describe_value(value: ir.Value | None, labels: Labels, *, counts: bool = False, weight: bool = False) -> Any:
    """What a node reads: nothing, another node's output, an input, or a constant."""
    if value is None:
        return None
    constant = ir.convenience.get_const_tensor(value)
    if constant is not None:
        return _describe_constant(constant, counts=counts, weight=weight)
    return labels[value]


def _describe_constant(tensor: ir.TensorProtocol, *, counts: bool, weight: bool = False) -> list[Any]:
    """Type and shape, and the values where `counts` is set or the constant is no weight; `weight` says that it is."""
    shape = list(tensor.shape.numpy())
    description = [str(tensor.dtype), shape]
    if counts or (not weight and (not shape or tensor.dtype not in WEIGHT_TYPES)):
        description.append(repr(tensor.numpy().tolist()))
    return description


def _describe_shape(shape: ir.Shape | None) -> list[int | str] | None:
    return None if shape is None else [size if isinstance(size, int) else "?" for size in shape]
