"""Whether an ONNX file computes what the Keras model computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError, ParityError, first_line
from harness.export.interface import describe, input_structure
from harness.export.reason import reason
from harness.records import Parity

if TYPE_CHECKING:
    import keras

Images = NDArray[Any] | Sequence[NDArray[Any]]
Outputs = list[NDArray[np.float64]]

TOLERANCE = 1e-4
TIE = 1e-5
SMALLEST_SPREAD = 0.05
SMALLEST_PROBABILITY = 1e-30
MOVES = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
THREADS = 2


def parity(model: keras.Model, path: Path, images: Images, *, batch_size: int = 256) -> Parity:
    """Run both on the same examples, on the CPU, and compare every output.

    Keras runs its own layers, not the traced graph that was converted; ONNX Runtime optimizes as it does in use. The
    first example also runs alone, so that a batch size left in the graph shows. Where an output comes from a Softmax,
    the logarithms of the probabilities are compared, that is, the logits up to a constant: a Softmax of large logits
    turns their rounding into differences that no export could avoid. The spread of an output is its standard
    deviation over all examples and elements, but at least a twentieth of its largest value, since rounding grows with
    the values. Top-1 is the largest of the last axis; outputs of one element have none.

    Args:
        model: the model that was exported.
        path: the ONNX file.
        images: (N, ...) as the model takes them, or one such array for each input, in the order of `model.inputs`.
        batch_size: examples run at once.

    Raises:
        DataError: the examples do not fit the model's inputs, or there are none.
        ParityError: the ONNX file can't be run on them, or what Keras makes of them are not all finite numbers.
    """
    arrays = _fitting(model, images)
    expected = _keras_outputs(model, arrays, batch_size)
    if not all(np.isfinite(output).all() for output in expected):
        raise ParityError(
            f"model '{model.name}': what Keras itself computes are not all finite numbers, so nothing can be compared; "
            "look for NaN and infinity among its weights, or give examples that it can take"
        )
    found, alone = _onnx_outputs(model, path, arrays, batch_size)
    if [output.shape for output in expected] != [output.shape for output in found]:
        shapes = [[output.shape for output in outputs] for outputs in (found, expected)]
        raise ParityError(f"{path}: its outputs have shapes {shapes[0]}, and those of Keras {shapes[1]}; export again")
    if any(len(output) != 1 for output in alone):
        raise ParityError(f"{path}: it gives {[output.shape for output in alone]} for one example alone; export again")
    scales = [
        _logarithms if is_softmax and output.shape[-1] > 1 else _as_they_are  # the Softmax of one number is 1
        for is_softmax, output in zip(_softmax_outputs(path), expected, strict=True)
    ]
    differences = [
        _difference(scale(reference), scale(np.concatenate([outputs, first])))
        for scale, reference, outputs, first in zip(scales, expected, found, alone, strict=True)
    ]
    tops = [_top1(*pair) for pair in zip(expected, found, strict=True)]
    return Parity(
        examples=len(arrays[0]),
        largest_difference=max(differences),
        top1_disagreements=int(np.any([disagrees for disagrees, _ in tops], axis=0).sum()),
        ties=int(np.any([ties for _, ties in tops], axis=0).sum()),
    )


def require_parity(found: Parity, name: str) -> None:
    """Refuse a file that differs from Keras.

    Raises:
        ParityError: top-1 differs on an example that is no tie, or an output by more than 1e-4 of its spread.
    """
    if found.top1_disagreements == 0 and found.largest_difference <= TOLERANCE:
        return
    raise ParityError(
        f"{name}: the ONNX graph differs from Keras: other classes on {found.top1_disagreements} of {found.examples} "
        f"examples, outputs by up to {found.largest_difference:.2g} of their spread ({TOLERANCE:g} allowed); don't use "
        "it; export the model cut after one layer and another to find the layer that differs"
    )


def difference_of(model: keras.Model, twin: keras.Model, images: Images, *, examples: int = 256) -> float:
    """How far a model is from its float32 twin on the first examples: the largest difference, relative to the spread.

    Infinite where an output of one of the two is not finite, as where float16 overflows.

    Raises:
        ParityError: Keras can't run the model, or its twin.
    """
    arrays = [images] if isinstance(images, np.ndarray) else list(images)
    outputs = [
        _keras_outputs(each, [array[:examples] for array in _fitting(each, arrays)], examples) for each in (twin, model)
    ]
    return max(
        _difference(expected, np.concatenate([found, found[:1]])) for expected, found in zip(*outputs, strict=True)
    )


def _fitting(model: keras.Model, images: Images) -> list[NDArray[Any]]:
    """One array for each input, of the input's type, checked against its shape."""
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


def _keras_outputs(model: keras.Model, arrays: list[NDArray[Any]], batch_size: int) -> Outputs:
    """Keras on the CPU, layer by layer: for a few batches tracing a graph costs more than it saves."""
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


def _onnx_outputs(
    model: keras.Model, path: Path, arrays: list[NDArray[Any]], batch_size: int
) -> tuple[Outputs, Outputs]:
    """The file's outputs on all examples, and on the first alone."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    names = [port.name for port in describe(model).inputs]
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        parts = [
            session.run(None, dict(zip(names, batch, strict=True)))
            for batch in (*_batches(arrays, batch_size), [array[:1] for array in arrays])
        ]
    except Exception as error:
        raise ParityError(f"{path}: ONNX Runtime can't run it: {first_line(error)}; export the model again") from error
    return _joined(parts[:-1]), _joined(parts[-1:])


def _batches(arrays: list[NDArray[Any]], batch_size: int) -> list[list[NDArray[Any]]]:
    starts = range(0, len(arrays[0]), batch_size)
    return [[array[start : start + batch_size] for array in arrays] for start in starts]


def _joined(parts: list[list[NDArray[Any]]]) -> Outputs:
    return [np.concatenate(batches).astype(np.float64) for batches in zip(*parts, strict=True)]


def _softmax_outputs(path: Path) -> list[bool]:
    """For each output of the file, whether a Softmax made it, moved and reshaped at most."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    producers = {name: node for node in graph.node for name in node.output}

    def is_softmax(name: str) -> bool:
        node = producers.get(name)
        while node is not None and node.op_type in MOVES:
            node = producers.get(node.input[0])
        return node is not None and node.op_type == "Softmax"

    return [is_softmax(output.name) for output in graph.output]


def _logarithms(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.maximum(probabilities, SMALLEST_PROBABILITY))


def _as_they_are(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    return outputs


def _difference(expected: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """The largest difference, relative to the spread of `expected`; infinite where not both are finite.

    `found` has one row more than `expected`: the first example again, run alone.
    """
    if not (np.isfinite(expected).all() and np.isfinite(found).all()):
        return float("inf")
    largest = float(np.abs(np.concatenate([expected, expected[:1]]) - found).max(initial=0))
    spread = max(float(expected.std()), SMALLEST_SPREAD * float(np.abs(expected).max(initial=0)))
    if largest == 0:
        return 0.0
    return largest / spread if spread else float("inf")


def _top1(expected: NDArray[np.float64], found: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each example, whether a class differs, and whether a class is a tie, so that it can't."""
    if expected.ndim < 2 or expected.shape[-1] < 2:
        none = np.zeros(len(expected), dtype=np.bool_)
        return none, none
    ordered = np.sort(expected, axis=-1)
    ties: NDArray[np.bool_] = ordered[..., -1] - ordered[..., -2] < TIE
    differs: NDArray[np.bool_] = (expected.argmax(axis=-1) != found.argmax(axis=-1)) & ~ties
    axes = tuple(range(1, differs.ndim))
    return np.asarray(differs.any(axis=axes)), np.asarray(ties.any(axis=axes))
