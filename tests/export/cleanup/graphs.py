"""Graphs from text, and what they compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
from numpy.typing import NDArray
from onnx import parser
from onnx_ir.passes import common

HEADER = '<ir_version: 8, opset_import: ["" : 18]>\n'


def graph(text: str, weights: Mapping[str, NDArray[Any]] | None = None) -> ir.Model:
    """A model from ONNX's text form, with shapes inferred; `weights` fills what it declares as inputs."""
    model = ir.from_proto(parser.parse_model(HEADER + text))
    for name, values in (weights or {}).items():
        (value,) = [value for value in model.graph.inputs if value.name == name]
        model.graph.inputs.remove(value)
        value.const_value = ir.tensor(values, name=name)
        model.graph.register_initializer(value)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.ShapeInferencePass()(model)
    return model


def outputs(model: ir.Model, *arrays: NDArray[Any]) -> list[NDArray[Any]]:
    """What a model computes, run without any optimization."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = ir.to_proto(model).SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    found: list[NDArray[Any]] = session.run(None, dict(zip(names, arrays, strict=True)))
    return found


def operations(model: ir.Model) -> list[str]:
    """The operations that the outputs need, in order."""
    common.RemoveUnusedNodesPass()(model)
    return [node.op_type for node in model.graph]


def normal(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
