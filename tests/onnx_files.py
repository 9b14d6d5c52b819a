"""Small ONNX files for tests: real networks, and ones that are wrong on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
Shape = Sequence[int | str | None]


def tensor(name: str, shape: Shape | None, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name: str, shape: Sequence[int], seed: int = 0) -> onnx.TensorProto:
    values = (
        np.random.default_rng(seed).standard_normal(shape).astype(np.float32) / max(1, int(np.prod(shape[1:]))) ** 0.5
    )
    return numpy_helper.from_array(values, name)


def constant(name: str, values: Any, dtype: str = "int64") -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: Sequence[onnx.TensorProto] = (),
    opset: int = 18,
) -> Path:
    graph = helper.make_graph(list(nodes), "graph", list(inputs), list(outputs), list(weights))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    opsets += [helper.make_opsetid(name, 1) for name in sorted({node.domain for node in nodes} - {"", "ai.onnx.ml"})]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


def cnn(path: Path, filters: int = 8, batch: int | str = "N", classes: int = 10, seed: int = 0) -> Path:
    """Conv 3x3 → Relu → Flatten → Gemm on 8x8x1 channels-first images: `image` to `scores`."""
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["maps"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["active"], name="relu"),
        helper.make_node("Flatten", ["active"], ["flat"], name="flatten"),
        helper.make_node("MatMul", ["flat", "rows"], ["scores"], name="dense"),
    ]
    weights = [weight("kernel", (filters, 1, 3, 3), seed), weight("rows", (filters * 64, classes), seed + 1)]
    return save(path, nodes, [tensor("image", [batch, 1, 8, 8])], [tensor("scores", [batch, classes])], weights)


def runs_forever(path: Path) -> Path:
    """A loop with no end, on the inputs of `cnn`."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["condition"], ["go_on"]),
            helper.make_node("Identity", ["value"], ["same"]),
        ],
        "body",
        [tensor("step", [], TensorProto.INT64), tensor("condition", [], TensorProto.BOOL), tensor("value", None)],
        [tensor("go_on", [], TensorProto.BOOL), tensor("same", None)],
    )
    nodes = [helper.make_node("Loop", ["trips", "yes", "image"], ["scores"], name="forever", body=body)]
    weights = [constant("trips", 2**62), constant("yes", True, "bool")]
    return save(path, nodes, [tensor("image", ["N", 1, 8, 8])], [tensor("scores", ["N", 1, 8, 8])], weights)


def too_large_for_memory(path: Path) -> Path:
    """Makes 2 ** (batch + 8) floats, on the inputs of `cnn`: 2 kB at batch 1, 4 TB at batch 32."""
    nodes = [
        helper.make_node("Shape", ["image"], ["size"], name="size", start=0, end=1),
        helper.make_node("Add", ["size", "eight"], ["exponent"], name="exponent"),
        helper.make_node("Pow", ["two", "exponent"], ["length"], name="length"),
        helper.make_node("ReduceMax", ["image"], ["largest"], name="largest", keepdims=0),
        helper.make_node("Expand", ["largest", "length"], ["scores"], name="huge"),
    ]
    weights = [constant("eight", [8]), constant("two", [2])]
    return save(path, nodes, [tensor("image", ["N", 1, 8, 8])], [tensor("scores", ["M"])], weights)


def classifier(path: Path) -> Path:
    """As scikit-learn's are exported: a linear classifier of 4 numbers, whose answers are a text and a list of maps."""
    names = ["cat", "dog", "horse"]
    values = [float(value) for value in np.random.default_rng(0).standard_normal(12)]
    nodes = [
        helper.make_node(
            "LinearClassifier", ["x"], ["label", "table"], domain="ai.onnx.ml", name="linear",
            classlabels_strings=names, coefficients=values, intercepts=[0.1, 0.2, 0.3],
            post_transform="SOFTMAX", multi_class=1,
        ),
        helper.make_node("ZipMap", ["table"], ["maps"], domain="ai.onnx.ml", name="zip", classlabels_strings=names),
    ]  # fmt: skip
    maps = helper.make_sequence_type_proto(
        helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(FLOAT, []))
    )
    outputs = [tensor("label", ["N"], TensorProto.STRING), helper.make_value_info("maps", maps)]
    return save(path, nodes, [tensor("x", ["N", 4])], outputs)


def listener(path: Path, named: bool = True) -> Path:
    """As a voice detector is exported: `audio` (N, samples), `state` (2, N, 4) and a scalar `rate` that must be true.

    Its answer is the mean sound and state at 16 kHz, and infinite at any other rate.
    """
    batch, samples = ("batch", "samples") if named else (None, None)
    nodes = [
        helper.make_node("ReduceMean", ["audio", "last"], ["sound"], name="sound", keepdims=0),
        helper.make_node("ReduceMean", ["state", "outer"], ["memory"], name="memory", keepdims=0),
        helper.make_node("Add", ["sound", "memory"], ["sum"], name="sum"),
        helper.make_node("Equal", ["rate", "true_rate"], ["right"], name="right"),
        helper.make_node("Where", ["right", "sum", "infinity"], ["voice"], name="voice"),
    ]
    weights = [constant("last", [1]), constant("outer", [0, 2]), constant("true_rate", 16000)]
    weights.append(constant("infinity", float("inf"), "float32"))
    inputs = [tensor("audio", [batch, samples]), tensor("state", [2, batch, 4]), tensor("rate", [], TensorProto.INT64)]
    return save(path, nodes, inputs, [tensor("voice", [batch])], weights)
