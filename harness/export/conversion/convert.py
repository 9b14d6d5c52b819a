"""Keras → ONNX by tf2onnx."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import onnx_ir as ir

from harness.base.errors import ExportError
from harness.base.quiet import quiet
from harness.export.conversion.newer_opset import raised
from harness.export.conversion.operations import tf2onnx_handlers
from harness.export.conversion.supported import (
    require_float_inputs,
    require_known_operations,
    require_no_state,
    require_room,
    require_tensorflow_backend,
)
from harness.export.conversion.trace import Frozen, frozen_graph
from harness.export.conversion.weights import put_in
from harness.export.culprit import culprit
from harness.export.interface import Interface, as_asked, describe, turned_inputs, with_output_shapes
from harness.export.reason import reason
from harness.spec import ExportSpec

if TYPE_CHECKING:
    import keras
    import onnx

TF2ONNX_OPSET = 18  # the last that it writes


def graph_from_keras(model: keras.Model, asked: ExportSpec) -> tuple[ir.Model, Interface]:
    """Convert in inference mode; the graph is as tf2onnx leaves it, its inputs and outputs in the interface's order.

    A variable that is all zeros comes out marked (see `harness.export.conversion.markers`), and a large one is read
    from the model when it is needed. Inputs are float32 still.

    Raises:
        ExportError: the Keras backend is not TensorFlow, the model has no defined inputs, keeps a state or has more
            than 2 GB of weights, it uses an operation that this project can't export, or can't be written as asked.
    """
    require_tensorflow_backend()
    interface = describe(model)
    turned = turned_inputs(model, interface, asked.layout)
    require_no_state(model)
    require_room(model)
    if asked.float16_inputs:
        require_float_inputs(model)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        try:
            proto, frozen = _converted(model, asked, turned)
        except Exception as error:
            layer = culprit(model, _fails)
            where = "" if layer is None else f" in layer '{layer}'; replace that layer"
            raise ExportError(f"model '{model.name}' can't be converted: {reason(error)}{where}") from error
        require_known_operations(proto, model)
        converted = ir.from_proto(raised(proto, asked.opset, model.name))
    put_in(converted.graph, frozen.weights)
    shapes = [tensor.shape for tensor in frozen.outputs]
    return converted, as_asked(with_output_shapes(interface, shapes), asked.batch, turned)


def _converted(model: keras.Model, asked: ExportSpec, turned: tuple[int, ...]) -> tuple[onnx.ModelProto, Frozen]:
    """The graph by tf2onnx, and TensorFlow's; what can't be converted may be left in the graph."""
    import tf2onnx.convert

    frozen = frozen_graph(model, asked.batch)
    converted, _ = tf2onnx.convert.from_graph_def(
        frozen.graph,
        input_names=[*frozen.inputs, *frozen.weights],
        output_names=[tensor.name for tensor in frozen.outputs],
        opset=min(asked.opset, TF2ONNX_OPSET),
        custom_op_handlers=tf2onnx_handlers(),
        inputs_as_nchw=[frozen.inputs[index] for index in turned],
    )
    return converted, frozen


def _fails(model: keras.Model) -> bool:
    """Whether tf2onnx, or TensorFlow before it, gives up on a model."""
    try:
        _converted(model, ExportSpec(), ())
    except Exception:
        return True
    return False
