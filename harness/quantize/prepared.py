"""A float32 file made ready for quantization: batch norms folded, shapes known, every node named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import QuantizeError, first_line
from harness.base.quiet import quiet
from harness.measure.files.model_file import ModelFile, read_model
from harness.measure.runtime.session import load_runtime, reason
from harness.quantize.operators import KERNELS, Nodes, is_quantized, nodes_of, told

if TYPE_CHECKING:
    import onnx

LEAST_OPSET = 13  # of QuantizeLinear with a scale for each channel
LARGEST_BYTES = 2**31 - 1  # that protobuf can hold


@dataclass(frozen=True)
class Prepared:
    """The prepared file, its nodes, and the file it was made of."""

    path: Path
    nodes: Nodes
    source: ModelFile


def prepare(path: Path, folder: Path, keep: tuple[str, ...] = ()) -> Prepared:
    """Prepare a file, in `folder`, for static quantization by onnxruntime's own tools; `keep` names nodes to leave.

    Raises:
        MeasureError: it can't be read.
        QuantizeError: it is quantized already, there is no INT8 for what it does, or `keep` names what it hasn't got,
            or all that INT8 is for.
    """
    source = read_model(path)
    check_float(source)
    named, prepared = folder / "named.onnx", folder / "prepared.onnx"
    try:
        _write_named(path, named)
        with quiet(stdout=True):
            load_runtime()
            from onnxruntime.quantization import quant_pre_process

            quant_pre_process(str(named), str(prepared), skip_symbolic_shape=True)
    except Exception as error:  # onnx and onnxruntime raise many kinds
        raise QuantizeError(
            f"{path}: can't be prepared for INT8: {reason(error)}; give --fp16 (quantize = 'fp16' in a study)"
        ) from error
    import onnx

    nodes = nodes_of(onnx.load(prepared, load_external_data=False).graph)
    unknown = [name for name in keep if name not in nodes.quantizable]
    if unknown:
        raise QuantizeError(
            f"{path}: has no node '{unknown[0]}' that could be quantized; it has {_some(nodes.quantizable)}"
        )
    if keep and all(layer.kernel in keep for layer in nodes.layers):
        raise QuantizeError(f"{path}: keep names every node that INT8 is for, so none would be faster; leave one out")
    return Prepared(prepared, nodes, source)


def check_float(source: ModelFile) -> None:
    """Refuse a file that there is no INT8 for, or that is quantized.

    Raises:
        QuantizeError: the line says why.
    """
    graph = source.proto.graph
    if is_quantized(graph):
        raise QuantizeError(f"{source.path}: is quantized already; give the float32 file that it was made of")
    if not any(node.op_type in KERNELS for node in graph.node) and not source.proto.functions:
        raise QuantizeError(f"{source.path}: there is no INT8 for what it does ({_kinds(source)}); {_FOR}")
    if source.size_bytes > LARGEST_BYTES:
        raise QuantizeError(f"{source.path}: has more than 2 GB, which can't be quantized; prune it first")


_FOR = f"INT8 is for {', '.join(KERNELS[:-1])} and {KERNELS[-1]}"


def _kinds(source: ModelFile) -> str:
    return told(nodes_of(source.proto.graph).others) or "nothing but shapes"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more


def _write_named(path: Path, target: Path) -> None:
    """The file with no functions, a name for each node, and an opset that knows a scale for each channel."""
    import onnx
    import onnx_ir as ir
    from onnx_ir.passes import common

    model = ir.external_data.load_to_model(ir.load(path))
    if model.functions:
        common.InlinePass()(model)
    proto = ir.to_proto(model)
    if next((one.version for one in proto.opset_import if one.domain in ("", "ai.onnx")), 0) < LEAST_OPSET:
        proto = onnx.version_converter.convert_version(proto, LEAST_OPSET)
    name_nodes(proto.graph)
    onnx.save(proto, target)


def name_nodes(graph: onnx.GraphProto) -> None:
    """Give each node a name of its own; those that have one keep it."""
    taken: set[str] = set()
    for number, node in enumerate(graph.node):
        if not node.name or node.name in taken:
            name = f"{node.op_type}_{number}"
            while name in taken:
                name += "_"
            node.name = name
        taken.add(node.name)


def problem(error: BaseException) -> str:
    """What a tool says went wrong, in one line."""
    return reason(error) if str(error) else first_line(error)
