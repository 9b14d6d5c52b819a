"""What Keras and ONNX Runtime make of the same examples: float64, (N, ...) for each output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError, ParityError, first_line
from harness.export.interface import describe, input_structure
from harness.export.proof.feeding import Feeding
from harness.export.reason import reason

if TYPE_CHECKING:
    import keras

Images = NDArray[Any] | Sequence[NDArray[Any]]
Outputs = list[NDArray[np.float64]]

THREADS = 2


def fitting(model: keras.Model, images: Images) -> list[NDArray[Any]]:
    """One array for each input, of the input's type, checked against its shape.

    Raises:
        DataError: the examples do not fit the model's inputs, or there are none.
    """
    ports = describe(model).inputs
    arrays = [images] if isinstance(images, np.ndarray) else [np.asarray(array) for array in images]
    if len(arrays) != len(ports):
        raise DataError(f"the model has {len(ports)} inputs and {len(arrays)} arrays were given; give one for each")
    for array, port in zip(arrays, ports, strict=True):
        fixed = [isinstance(size, str) or size == actual for size, actual in zip(port.shape, array.shape, strict=False)]
        if array.ndim != len(port.shape) or not all(fixed):
            raise DataError(f"examples of shape {array.shape} don't fit the model's {port.name} {port.shape}")
    counts = {len(array) for array in arrays}
    if len(counts) > 1 or 0 in counts:
        raise DataError(f"the inputs have {sorted(counts)} examples; give each the same number, at least one")
    return [array.astype(tensor.dtype, copy=False) for array, tensor in zip(arrays, model.inputs, strict=True)]


def keras_outputs(model: keras.Model, arrays: list[NDArray[Any]], batch_size: int) -> Outputs:
    """What Keras computes on the CPU, layer by layer: for a few batches tracing a graph costs more than it saves.

    Raises:
        ParityError: it can't run the model, or an output has no row for each example.
    """
    import keras

    parts = []
    with keras.device("cpu:0"):
        for batch in _batches(arrays, batch_size):
            inputs = keras.tree.pack_sequence_as(input_structure(model), batch)
            try:
                outputs = keras.tree.flatten(model(inputs, training=False))
            except Exception as error:
                raise ParityError(
                    f"model '{model.name}': Keras itself can't run it on this machine's CPU, so nothing can be "
                    f"compared ({reason(error)}); replace the layer that it names"
                ) from error
            parts.append([keras.ops.convert_to_numpy(output) for output in outputs])
            for port, output in zip(describe(model).outputs, parts[-1], strict=True):
                if output.shape[:1] != (len(batch[0]),):
                    raise ParityError(
                        f"model '{model.name}': its {port.name} has shape {output.shape} for {len(batch[0])} examples, "
                        "so it mixes them; export a model whose outputs have one row for each example"
                    )
    return _joined(parts)


def onnx_outputs(path: Path, feeding: Feeding, arrays: list[NDArray[Any]], batch_size: int) -> tuple[Outputs, Outputs]:
    """The file's outputs on all examples, and on the first alone, on the CPU.

    Raises:
        ParityError: ONNX Runtime can't run it.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    first = [array[:1] for array in arrays]
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        whole, alone = (
            [_cut(session.run(None, fed), count, feeding) for fed, count in feeding.batches(given, batch_size)]
            for given in (arrays, first)
        )
    except Exception as error:
        raise ParityError(f"{path}: ONNX Runtime can't run it: {first_line(error)}; export the model again") from error
    return _joined(whole), _joined(alone)


def _cut(outputs: list[NDArray[Any]], count: int, feeding: Feeding) -> list[NDArray[Any]]:
    """Outputs without what a batch of a fixed size was filled up with."""
    if feeding.batch in (None, count) or any(output.shape[:1] != (feeding.batch,) for output in outputs):
        return outputs
    return [output[:count] for output in outputs]


def _batches(arrays: list[NDArray[Any]], batch_size: int) -> list[list[NDArray[Any]]]:
    starts = range(0, len(arrays[0]), batch_size)
    return [[array[start : start + batch_size] for array in arrays] for start in starts]


def _joined(parts: list[list[NDArray[Any]]]) -> Outputs:
    return [np.concatenate(batches).astype(np.float64) for batches in zip(*parts, strict=True)]
