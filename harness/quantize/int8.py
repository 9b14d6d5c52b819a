"""A float32 file in INT8: static QDQ, a scale for each channel, by onnxruntime's own tools."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import QuantizeError
from harness.base.quiet import quiet
from harness.measure.runtime.environment import cpu_flags
from harness.quantize.calibration import Array, Reader, batches
from harness.quantize.operators import OPERATORS
from harness.quantize.prepared import Prepared, problem
from harness.spec import QuantizeSpec

if TYPE_CHECKING:
    import onnx

# With one of these an x86 processor sums up products of 8-bit numbers without an overflow between.
DOT_PRODUCTS = ("avx512_vnni", "avx_vnni", "avx_vnni_int8", "amx_int8")
ARM = ("aarch64", "arm64")
# What calibrators are asked for beside onnxruntime's defaults. Its percentile is symmetric unless told, which after a
# Relu would leave half of the numbers without a use.
CALIBRATORS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "minmax": ("MinMax", {}),
    "percentile": ("Percentile", {"CalibPercentile": 99.99, "CalibTensorRangeSymmetric": False}),
}


@dataclass(frozen=True)
class Numbers:
    """How a device's 8-bit kernels want their numbers. Weights are int8, each channel with its scale."""

    activations: str
    seven_bits: bool = False
    symmetric: bool = False


def numbers_for(device: str, flags: Sequence[str] | None = None, machine: str | None = None) -> Numbers:
    """On x86 unsigned activations, and weights of 7 bits without VNNI; on ARM signed ones; on a GPU symmetric ones."""
    if device != "cpu":
        return Numbers("int8", symmetric=True)
    if (machine or platform.machine()).lower() in ARM:
        return Numbers("int8")
    known = cpu_flags() if flags is None else flags
    return Numbers("uint8", seven_bits=not any(flag in known for flag in DOT_PRODUCTS))


@dataclass(frozen=True)
class Int8:
    """What makes INT8 files of one prepared file; ranges are found once, and kept in `cache`."""

    prepared: Prepared
    images: Array
    spec: QuantizeSpec
    numbers: Numbers
    cache: Path

    def write(self, output: Path, left: Sequence[str] = ()) -> None:
        """Write the file with the nodes in `left`, and its tail, in float32.

        Raises:
            DataError: the images don't fit the file.
            QuantizeError: onnxruntime's tools can't quantize it.
        """
        name, options = CALIBRATORS[self.spec.calibrator]
        feeds = batches(self.prepared.source, self.images, self.spec.images)
        with quiet(stdout=True):
            from onnxruntime import quantization as tools

            kinds = {"uint8": tools.QuantType.QUInt8, "int8": tools.QuantType.QInt8}
            try:
                tools.quantize_static(
                    str(self.prepared.path),
                    str(output),
                    Reader(feeds),
                    quant_format=tools.QuantFormat.QDQ,
                    op_types_to_quantize=list(OPERATORS),
                    per_channel=True,
                    reduce_range=self.numbers.seven_bits,
                    activation_type=kinds[self.numbers.activations],
                    weight_type=tools.QuantType.QInt8,
                    nodes_to_exclude=[*left, *self.spec.keep, *self.prepared.nodes.tail],
                    calibrate_method=getattr(tools.CalibrationMethod, name),
                    extra_options={"ActivationSymmetric": self.numbers.symmetric, **options},
                    calibration_cache_path=str(self.cache),
                )
            except Exception as error:  # onnxruntime's tools raise many kinds
                raise QuantizeError(
                    f"{self.prepared.source.path}: can't be quantized: {problem(error)}; keep a node in float32 with "
                    "--keep, or give --fp16 (quantize = 'fp16' in a study)"
                ) from error
        import onnx

        model = onnx.load(output)
        float_answers(model.graph)
        onnx.save(model, output)


def float_answers(graph: onnx.GraphProto) -> None:
    """Let a Gemm or MatMul whose output goes nowhere but to the answers write it in float, as its kernels can.

    Rounded to one of 256 numbers, classes that are nearly as likely could not be told apart.
    """
    makers = {name: node for node in graph.node for name in node.output}
    users: dict[str, list[str]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node.op_type)
    quantizing = {name for node in graph.node if node.op_type == "QuantizeLinear" for name in node.input}
    gone = []
    for node in graph.node:
        rounding = makers.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if rounding is None or rounding.op_type != "QuantizeLinear" or len(users[rounding.output[0]]) > 1:
            continue
        maker = makers.get(rounding.input[0])
        final = maker is not None and maker.op_type in ("Gemm", "MatMul") and len(users[rounding.input[0]]) == 1
        if maker is not None and final and not _feeds_kernel(node.output[0], graph, quantizing):
            maker.output[0] = node.output[0]
            gone += [rounding, node]
    for node in gone:
        graph.node.remove(node)
    _remove_unused(graph)


def _feeds_kernel(name: str, graph: onnx.GraphProto, quantizing: set[str]) -> bool:
    """Whether a tensor is quantized again further on, or an 8-bit kernel reads it."""
    pending, seen = [name], set()
    while pending:
        current = pending.pop()
        seen.add(current)
        for node in graph.node:
            if current in node.input:
                if node.op_type in ("Conv", "Gemm", "MatMul", "QuantizeLinear") or current in quantizing:
                    return True
                pending += [output for output in node.output if output not in seen]
    return False


def _remove_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
