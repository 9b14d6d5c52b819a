"""Test vectors in ONNX's own layout: `input_0.pb`, `output_0.pb`, a tensor each; and how near is near enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DamagedError
from harness.deploy import layout
from harness.deploy.manifest import Manifest, Output, Tensor

Array = NDArray[Any]
MOST_EXAMPLES = 16
# What the parity of an export allows; and how much more than the rounding that was seen other kernels may round.
LEAST_TOLERANCE = 1e-4
TIMES_ROUNDING = 10
SMALLEST_SPREAD = 0.05


def write_vectors(folder: Path, inputs: Sequence[tuple[str, Array]], outputs: Sequence[tuple[str, Array]]) -> None:
    """Write named arrays as the test vectors of a bundle."""
    import onnx

    names = layout.vector_files(len(inputs), len(outputs))
    (folder / layout.VECTORS).mkdir(parents=True)
    for file, (name, array) in zip(names, (*inputs, *outputs), strict=True):
        tensor = onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        (folder / file).write_bytes(tensor.SerializeToString(deterministic=True))


def read_vectors(folder: Path, manifest: Manifest) -> tuple[list[Array], list[Array]]:
    """The arrays fed and those expected, in the order of the model's inputs and outputs.

    Raises:
        DamagedError: a file is no tensor, or not the one that the manifest describes.
    """
    tensors = (*manifest.inputs, *manifest.outputs)
    files = layout.vector_files(len(manifest.inputs), len(manifest.outputs))
    arrays = [_read(folder / file, file, tensor, manifest) for file, tensor in zip(files, tensors, strict=True)]
    return arrays[: len(manifest.inputs)], arrays[len(manifest.inputs) :]


def _read(path: Path, name: str, described: Tensor, manifest: Manifest) -> Array:
    import onnx

    try:
        tensor = onnx.load_tensor_from_string(path.read_bytes())
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    except Exception:  # protobuf raises several kinds, none of them public
        raise DamagedError(f"{name}: no tensor of ONNX test data; bundle the model again") from None
    sizes = tuple(tensor.dims)
    if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.raw_data) != math.prod(sizes) * dtype.itemsize:
        raise DamagedError(f"{name}: does not hold the {math.prod(sizes):,} numbers it claims; bundle the model again")
    found = f"{tensor.name}:{'x'.join(map(str, sizes))}:{dtype}"
    if tensor.name != described.name or str(dtype) != described.dtype or not _fits(sizes, described, manifest):
        wanted = "x".join("?" if size is None else str(size) for size in described.shape)
        raise DamagedError(
            f"{name}: holds {found[:200]}, the manifest says {described.name}:{wanted}:{described.dtype} with "
            f"{manifest.vectors.examples} examples; bundle the model again"
        )
    array = onnx.numpy_helper.to_array(tensor)
    if not np.isfinite(array).all():
        raise DamagedError(f"{name}: holds numbers that are not finite; bundle the model again")
    return array


def _fits(sizes: tuple[int, ...], described: Tensor, manifest: Manifest) -> bool:
    if len(sizes) != len(described.shape) or not sizes or sizes[0] != manifest.vectors.examples:
        return False
    return all(wanted in (None, size) for size, wanted in zip(sizes, described.shape, strict=True))


def spread_of(array: Array) -> float:
    """The standard deviation of an output's values, at least a twentieth of the largest, and never 0."""
    values = np.asarray(array, dtype=np.float64)
    spread = max(float(values.std()), SMALLEST_SPREAD * float(np.abs(values).max(initial=0)))
    return spread or 1.0


def distance(expected: Array, found: Array) -> float:
    """The largest difference as a share of the expected values' spread; infinite where a shape or a number is wrong."""
    if expected.shape != found.shape or not np.isfinite(np.asarray(found, dtype=np.float64)).all():
        return math.inf
    difference = np.abs(np.asarray(expected, dtype=np.float64) - np.asarray(found, dtype=np.float64))
    return float(difference.max(initial=0)) / spread_of(expected)


def tolerance(output: Output) -> float:
    """How far an output may be from its test vector, as a share of its spread.

    Ten times what different ways of computing the same differed by when it was bundled, and at least 1e-4.
    """
    return max(LEAST_TOLERANCE, TIMES_ROUNDING * output.rounding)
