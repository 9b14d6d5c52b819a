"""ONNX networks of known cost, made on the fly, for benchmarks that need no study."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def chain(path: Path, blocks: int, channels: int = 16, side: int = 12) -> Path:
    """`blocks` identical 3x3 convolutions with ReLU, on (N, channels, side, side).

    All blocks share one kernel, so that a block more costs time and no memory: the cost is linear in the blocks, and
    a network of 105 blocks is one of 100 with a planted slow-down of 5 %.
    """
    names = ["input", *(f"block{number}" for number in range(blocks))]
    nodes = []
    for before, after in pairwise(names):
        nodes.append(
            helper.make_node("Conv", [before, "kernel"], [f"{after}_maps"], pads=[1] * 4, name=f"{after}_conv")
        )
        nodes.append(helper.make_node("Relu", [f"{after}_maps"], [after], name=f"{after}_relu"))
    shape: list[int | str] = ["N", channels, side, side]
    return _save(path, nodes, names[-1], shape, shape, [_weight("kernel", (channels, channels, 3, 3))])


def classifier(path: Path, filters: Sequence[int], side: int = 28, channels: int = 1, classes: int = 10) -> Path:
    """Blocks of 3x3 convolution, ReLU and pooling, then a dense layer: images (N, channels, side, side)."""
    nodes, weights, current, depth = [], [], "input", channels
    for number, count in enumerate(filters):
        weights.append(_weight(f"kernel{number}", (count, depth, 3, 3), seed=number))
        nodes += [
            helper.make_node(
                "Conv", [current, f"kernel{number}"], [f"maps{number}"], pads=[1] * 4, name=f"conv{number}"
            ),
            helper.make_node("Relu", [f"maps{number}"], [f"active{number}"], name=f"relu{number}"),
            helper.make_node("MaxPool", [f"active{number}"], [f"pool{number}"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        current, depth = f"pool{number}", count
    size = depth * (side // 2 ** len(filters)) ** 2
    weights.append(_weight("dense", (size, classes), seed=99))
    nodes += [
        helper.make_node("Flatten", [current], ["flat"], name="flatten"),
        helper.make_node("MatMul", ["flat", "dense"], ["output"], name="dense"),
    ]
    return _save(path, nodes, "output", ["N", channels, side, side], ["N", classes], weights)


def _weight(name: str, shape: Sequence[int], seed: int = 0) -> onnx.TensorProto:
    spread = (2 / np.prod(shape[1:])) ** 0.5
    values = spread * np.random.default_rng(seed).standard_normal(shape)
    return numpy_helper.from_array(values.astype(np.float32), name)


def _save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    output: str,
    taken: Sequence[int | str],
    given: Sequence[int | str],
    weights: Sequence[onnx.TensorProto],
) -> Path:
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, taken)]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, given)]
    graph = helper.make_graph(list(nodes), "network", inputs, outputs, list(weights))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path
