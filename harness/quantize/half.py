"""A float32 file in half precision, by onnxruntime's own converter."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.base.errors import QuantizeError
from harness.base.quiet import quiet
from harness.measure.files.model_file import ModelFile, read_model, tensors
from harness.quantize.operators import is_quantized
from harness.quantize.prepared import problem

LARGEST = float(np.finfo(np.float16).max)


def write_half(path: Path, output: Path, *, half_io: bool = False) -> None:
    """Write a file whose weights and values between nodes are float16; with `half_io` its inputs and outputs too.

    Raises:
        MeasureError: it can't be read.
        QuantizeError: it has no float32 weights, is quantized, or holds numbers that float16 can't.
    """
    file = read_model(path)
    _check(file)
    import onnx
    import onnx_ir as ir
    from onnx_ir.passes import common

    try:
        with quiet(stdout=True):
            from onnxruntime.transformers.float16 import convert_float_to_float16

            converted = convert_float_to_float16(onnx.load(path), keep_io_types=not half_io)
    except Exception as error:  # onnx raises many kinds
        raise QuantizeError(
            f"{path}: can't be converted to float16: {problem(error)}; give --int8 (quantize = 'int8' in a study)"
        ) from error
    model = ir.from_proto(converted)
    common.TopologicalSortPass()(model)
    ir.save(model, output)


def _check(file: ModelFile) -> None:
    import onnx

    if is_quantized(file.proto.graph):
        raise QuantizeError(f"{file.path}: is quantized already; give the float32 file that it was made of")
    floats = [tensor for tensor in tensors(file.proto) if tensor.data_type == onnx.TensorProto.FLOAT]
    if not floats:
        raise QuantizeError(f"{file.path}: has no float32 weights, so float16 would change nothing; leave it as it is")
    for tensor in floats:
        values = np.abs(onnx.numpy_helper.to_array(tensor, str(file.path.resolve().parent)))
        finite = values[np.isfinite(values)]
        if finite.size and float(finite.max()) > LARGEST:
            raise QuantizeError(
                f"{file.path}: '{tensor.name}' holds {finite.max():.3g}, and float16 ends at {LARGEST:,.0f}; give "
                "--int8 (quantize = 'int8' in a study), or scale it down"
            )
