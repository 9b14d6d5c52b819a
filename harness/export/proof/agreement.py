"""Whether an ONNX file computes what the Keras model computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import ParityError
from harness.export.proof.answers import Answers
from harness.export.proof.feeding import Feeding
from harness.export.proof.outputs import Images, fitting, keras_outputs, onnx_outputs
from harness.records import Parity
from harness.spec import ExportSpec

if TYPE_CHECKING:
    import keras

TOLERANCE = 1e-4
TIE = 1e-5
SMALLEST_SPREAD = 0.05
SMALLEST_PROBABILITY = 1e-30
MOVES = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}


def parity(
    model: keras.Model, path: Path, images: Images, asked: ExportSpec | None = None, *, batch_size: int = 256
) -> Parity:
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
        asked: how the file was to be written. Where it takes float16, both compute from the rounded examples.
        batch_size: examples run at once, where the file does not say how many.

    Raises:
        DataError: the examples do not fit the model's inputs, or there are none.
        ParityError: the ONNX file can't be run on them, or what Keras makes of them are not all finite numbers.
    """
    return compared(model, path, images, asked or ExportSpec(), batch_size)[0]


def compared(
    model: keras.Model, path: Path, images: Images, asked: ExportSpec, batch_size: int = 256
) -> tuple[Parity, Answers]:
    """What `parity` finds, and the answers of Keras.

    Raises:
        DataError, ParityError: as `parity` does.
    """
    feeding = Feeding.of(model, asked)
    arrays = feeding.rounded(fitting(model, images))
    expected = keras_outputs(model, arrays, batch_size)
    if not all(np.isfinite(output).all() for output in expected):
        raise ParityError(
            f"model '{model.name}': what Keras itself computes are not all finite numbers, so nothing can be compared; "
            "look for NaN and infinity among its weights, or give examples that it can take"
        )
    found, alone = onnx_outputs(path, feeding, arrays, batch_size)
    if [output.shape for output in expected] != [output.shape for output in found]:
        shapes = [[output.shape for output in outputs] for outputs in (found, expected)]
        raise ParityError(f"{path}: its outputs have shapes {shapes[0]}, and those of Keras {shapes[1]}; export again")
    if any(len(output) != 1 for output in alone):
        raise ParityError(f"{path}: it gives {[output.shape for output in alone]} for one example alone; export again")
    makers = makers_of(path)
    scales = [
        _logarithms if maker == "Softmax" and output.shape[-1] > 1 else _as_they_are  # the Softmax of one number is 1
        for maker, output in zip(makers, expected, strict=True)
    ]
    differences = [
        _difference(scale(reference), scale(np.concatenate([outputs, first])))
        for scale, reference, outputs, first in zip(scales, expected, found, alone, strict=True)
    ]
    tops = [_top1(*pair) for pair in zip(expected, found, strict=True)]
    found_parity = Parity(
        examples=len(arrays[0]),
        largest_difference=max(differences),
        top1_disagreements=int(np.any([disagrees for disagrees, _ in tops], axis=0).sum()),
        ties=int(np.any([ties for _, ties in tops], axis=0).sum()),
    )
    return found_parity, Answers(expected[0], makers[0])


def require_parity(found: Parity, name: str, find: Callable[[], str | None] = lambda: None) -> None:
    """Refuse a file that differs from Keras; `find` gives the layer from which on it does, where that can be found.

    Raises:
        ParityError: top-1 differs on an example that is no tie, or an output by more than 1e-4 of its spread.
    """
    if found.top1_disagreements == 0 and found.largest_difference <= TOLERANCE:
        return
    layer = find()
    search = "export the model cut after one layer and another to find the layer that differs"
    cure = search if layer is None else f"it starts to differ in layer '{layer}'; replace that layer"
    raise ParityError(
        f"{name}: the ONNX graph differs from Keras: other classes on {found.top1_disagreements} of {found.examples} "
        f"examples, outputs by up to {found.largest_difference:.2g} of their spread ({TOLERANCE:g} allowed); don't use "
        f"it; {cure}"
    )


def difference_of(model: keras.Model, twin: keras.Model, images: Images, *, examples: int = 256) -> float:
    """How far a model is from its float32 twin on the first examples: the largest difference, relative to the spread.

    Infinite where an output of one of the two is not finite, as where float16 overflows.

    Raises:
        ParityError: Keras can't run the model, or its twin.
    """
    arrays = [images] if isinstance(images, np.ndarray) else list(images)
    outputs = [
        keras_outputs(each, [array[:examples] for array in fitting(each, arrays)], examples) for each in (twin, model)
    ]
    return max(
        _difference(expected, np.concatenate([found, found[:1]])) for expected, found in zip(*outputs, strict=True)
    )


def makers_of(path: Path) -> list[str]:
    """For each output of the file, the operation that made it, moved and reshaped at most; none for an input."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    producers = {name: node for node in graph.node for name in node.output}

    def maker(name: str) -> str:
        node = producers.get(name)
        while node is not None and node.op_type in MOVES:
            node = producers.get(node.input[0])
        return "" if node is None else str(node.op_type)

    return [maker(output.name) for output in graph.output]


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
