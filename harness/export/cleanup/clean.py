"""The graph clean-up between tf2onnx and the file."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import common

from harness.base.errors import ExportError
from harness.export.cleanup.cast_inputs import CastInputs
from harness.export.cleanup.constant_reshape import ConstantReshape
from harness.export.cleanup.fold_into_weights import FoldIntoWeights
from harness.export.cleanup.fold_transpose_into_dense import FoldTransposeIntoDense
from harness.export.cleanup.fuse_scale_and_offset import FuseScaleAndOffset
from harness.export.cleanup.name_by_position import NameByPosition
from harness.export.cleanup.outputs_of_their_own import OutputsOfTheirOwn
from harness.export.cleanup.restore_zeros import RestoreZeros
from harness.export.cleanup.scale_weights import ScaleWeights
from harness.export.cleanup.zeros_before_max_pool import ZerosBeforeMaxPool
from harness.export.interface import Interface, Port
from harness.export.node_order import subgraphs

PRODUCER = "harness"
GRAPH = "main"


def clean(model: ir.Model, interface: Interface, *, float16_inputs: bool = False) -> None:
    """Simplify the graph in place, give it its interface, and name it so that equal models give equal files.

    With `float16_inputs` it takes numbers of half precision.

    Raises:
        ExportError: the graph's inputs or outputs are not those of the interface.
    """
    _set_interface(model.graph, interface)
    if float16_inputs:
        CastInputs()(model)
    simplify = ir.passes.Sequential(
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        RestoreZeros(),
        common.IdentityEliminationPass(),
        FoldIntoWeights(),
        ScaleWeights(),
        common.ShapeInferencePass(),
        ConstantReshape(),
        FoldTransposeIntoDense(),
        FuseScaleAndOffset(),
        ZerosBeforeMaxPool(),
        common.CommonSubexpressionEliminationPass(),
        common.DeduplicateHashedInitializersPass(),
        common.RemoveUnusedNodesPass(),
        common.RemoveUnusedOpsetsPass(),
        common.ClearMetadataAndDocStringPass(),
        OutputsOfTheirOwn(),
    )
    simplify(model)
    _forget_unknown_sizes(model.graph)
    _set_outputs(model.graph, interface)  # an Identity that went may have taken an output's name along
    NameByPosition()(model)
    model.producer_name, model.producer_version = PRODUCER, None
    model.doc_string = model.domain = model.model_version = None
    model.metadata_props.clear()
    model.graph.name = GRAPH


def _set_interface(graph: ir.Graph, interface: Interface) -> None:
    """Rename the inputs and outputs, and name their dimensions that are not fixed."""
    for values, ports in ((graph.inputs, interface.inputs), (graph.outputs, interface.outputs)):
        if len(values) != len(ports):
            raise ExportError(
                f"the converted graph has {len(values)} inputs or outputs where the model has {len(ports)}; "
                "connect every input of the model to an output, and give each output once"
            )
    for value, port in zip(sorted(graph.inputs, key=_number), interface.inputs, strict=True):
        _set_port(value, port)
    _set_outputs(graph, interface)


def _set_outputs(graph: ir.Graph, interface: Interface) -> None:
    for value, port in zip(graph.outputs, interface.outputs, strict=True):
        _set_port(value, port)


def _forget_unknown_sizes(graph: ir.Graph) -> None:
    """Forget the names of sizes that aren't fixed, but for those of the interface.

    The converter's names hold counters, and which sizes inference names depends on what the converter had named.
    """
    for node in graph.all_nodes():
        inner = [value for _, subgraph in subgraphs(node) for value in subgraph.inputs]
        for value in (*node.outputs, *inner):
            if value.shape is not None:
                value.shape = ir.Shape([size if isinstance(size, int) else None for size in value.shape])


def _number(value: ir.Value) -> int:
    """The place of an input among the model's: the conversion calls it `input_3:0`."""
    return int(str(value.name).removeprefix("input_").removesuffix(":0"))


def _set_port(value: ir.Value, port: Port) -> None:
    value.name = port.name
    value.shape = ir.Shape(port.shape)
