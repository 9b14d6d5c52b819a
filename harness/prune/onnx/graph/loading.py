"""From a file to a model in memory, as onnxruntime accepts it: nodes in order, functions inlined, constants found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common

from harness.base.errors import ModelError, first_line
from harness.measure.files.model_file import graphs
from harness.prune.onnx.graph.graph import Array, is_constant
from harness.prune.onnx.graph.running import Runner

if TYPE_CHECKING:
    import onnx


def loaded(path: Path) -> ir.Model:
    """The model with its weights in memory; its constants, sparse ones too, are dense initializers.

    Raises:
        ModelError: onnxruntime can't load it, or it contradicts itself.
    """
    import onnx

    try:
        proto = onnx.load_model(path)
        _check_whole(proto)
        Runner(proto.SerializeToString())
        _fill_sparse(proto)
        model = ir.from_proto(proto)
        if model.functions:
            common.InlinePass()(model)
        common.TopologicalSortPass()(model)
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    except ModelError as error:
        raise ModelError(f"{error}; export the model again for an onnxruntime that loads it") from None
    except Exception as error:  # onnx-ir raises several kinds on graphs that contradict themselves
        raise ModelError(f"can't be read ({first_line(error)}); export the model again") from None
    return model


def check_inference(model: ir.Model) -> None:
    """Raise ModelError where a node drops or normalises as in training."""
    for node in model.graph.all_nodes():
        training = node.attributes.get("training_mode")
        last = node.inputs[2] if node.op_type == "Dropout" and len(node.inputs) > 2 else None
        drops = last is not None and (not is_constant(last) or bool(last.const_value.numpy()))  # type: ignore[union-attr]
        measures = node.op_type == "BatchNormalization" and any(value.name for value in node.outputs[1:])
        if drops or measures or (training is not None and training.as_int()):
            raise ModelError(f"'{node.name}' ({node.op_type}) is in training mode; export the model for inference")


def _check_whole(proto: onnx.ModelProto) -> None:
    """Raise ModelError where there is no output, or two constants have one name, or a convolution has no filters.

    Which constant is meant is for each reader to guess, and onnxruntime never ends on no filters.
    """
    if not proto.graph.output:
        raise ModelError("has no output")
    counts = Counter(each.name for each in proto.graph.initializer)
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None:
        raise ModelError(f"holds two constants named '{twice}'")
    for graph in graphs(proto):
        empty = {each.name for each in graph.initializer if 0 in each.dims}
        for node in graph.node:
            if "Conv" in node.op_type and not empty.isdisjoint(node.input):
                raise ModelError(f"'{node.name}' ({node.op_type}) reads a constant that is empty")


def _fill_sparse(proto: onnx.ModelProto) -> None:
    """Store sparse initializers as dense ones, as onnxruntime does when it loads them."""
    from onnx import numpy_helper

    for graph in graphs(proto):
        for sparse in graph.sparse_initializer:
            values, places = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
            dense: Array = np.zeros(tuple(sparse.dims), values.dtype)
            if places.ndim == 1:
                dense.reshape(-1)[places] = values
            else:
                dense[tuple(places.T)] = values
            graph.initializer.append(numpy_helper.from_array(dense, sparse.values.name))
        del graph.sparse_initializer[:]
