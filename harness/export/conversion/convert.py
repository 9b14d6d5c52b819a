"""Keras → ONNX by tf2onnx."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.base.errors import ExportError
from harness.base.quiet import quiet
from harness.export.conversion.operations import tf2onnx_handlers
from harness.export.conversion.supported import (
    require_known_operations,
    require_no_state,
    require_room,
    require_tensorflow_backend,
)
from harness.export.conversion.trace import frozen_graph
from harness.export.interface import Interface, describe, with_output_shapes
from harness.export.reason import reason

if TYPE_CHECKING:
    import keras
    import onnx

LARGEST_OPSET = 18


def model_proto_from_keras(model: keras.Model, *, opset: int = LARGEST_OPSET) -> tuple[onnx.ModelProto, Interface]:
    """Convert in inference mode; the graph is as tf2onnx leaves it, its inputs and outputs in the interface's order.

    A variable that is all zeros comes out marked (see `harness.export.conversion.markers`).

    Raises:
        ExportError: the Keras backend is not TensorFlow, the model has no defined inputs, keeps a state or has more
            than 2 GB of weights, or it uses an operation that this project can't export.
    """
    require_tensorflow_backend()
    if not 13 <= opset <= LARGEST_OPSET:
        raise ExportError(f"opset = {opset}: can't be exported; use 13 to {LARGEST_OPSET}")
    interface = describe(model)
    require_no_state(model)
    require_room(model)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        import tf2onnx.convert

        try:
            graph, inputs, traced = frozen_graph(model)
            converted, _ = tf2onnx.convert.from_graph_def(
                graph,
                input_names=inputs,
                output_names=[tensor.name for tensor in traced],
                opset=opset,
                custom_op_handlers=tf2onnx_handlers(),
            )
        except Exception as error:
            raise ExportError(f"model '{model.name}' can't be converted: {reason(error)}") from error
    require_known_operations(converted, model)
    return converted, with_output_shapes(interface, [tensor.shape for tensor in traced])
