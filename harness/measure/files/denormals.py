"""Denormal numbers among a file's weights: so close to zero that a processor leaves its fast path for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.measure.files.model_file import tensors
from harness.measure.files.slowness import some

if TYPE_CHECKING:
    import onnx


def denormal_weights(path: Path, proto: onnx.ModelProto) -> str | None:
    """A line that counts the denormal numbers of a file and names where they are; None where there are none."""
    import onnx

    found: dict[str, int] = {}
    for tensor in tensors(proto):
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE):
            sizes = np.abs(onnx.numpy_helper.to_array(tensor, str(path.resolve().parent)))
            denormal = int(np.count_nonzero((sizes > 0) & (sizes < np.finfo(sizes.dtype).tiny)))
            if denormal:
                found[f"'{tensor.name}'"] = found.get(f"'{tensor.name}'", 0) + denormal
    if not found:
        return None
    count = sum(found.values())
    return (
        f"denormal numbers, below 1.2e-38, among its weights ({count:,}, in {some(list(found))}): a CPU may compute "
        "many times slower with them; set them to zero"
    )
