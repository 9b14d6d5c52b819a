"""From a Keras model to an ONNX file: converted, cleaned, and proven."""

from __future__ import annotations

import math
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from harness.base.crash import scratch
from harness.base.errors import HarnessError
from harness.base.quiet import quiet
from harness.base.store import file_digest
from harness.export.architecture import architecture_digest
from harness.export.cleanup.clean import clean
from harness.export.conversion.convert import graph_from_keras
from harness.export.conversion.twin import float32_twin
from harness.export.culprit import culprit
from harness.export.files import written_whole
from harness.export.proof.agreement import TOLERANCE, compared, difference_of, parity, require_parity
from harness.export.proof.examples import random_examples
from harness.export.proof.outputs import Images
from harness.records import Export, Metadata
from harness.spec import ExportSpec, checked

if TYPE_CHECKING:
    import keras

WRITERS = ("prune-harness", "keras", "tensorflow", "tf2onnx", "onnx")
FEW = 8  # examples, to find the layer that differs


def onnx_from_keras(model: keras.Model, path: Path, asked: ExportSpec | None = None, **options: Any) -> None:
    """Write a Keras model as an ONNX file, for inference; by default with any batch size.

    The file depends on the model's layers and weights alone: the same model gives the same bytes. One input is
    `input`, one output `output`; see `harness.export.interface.describe` for several. The model is not changed. Of a
    model that computes in another precision the float32 twin is written (see `harness.export.conversion.twin`).

    Args:
        model: functional, or Sequential with a defined input; built, on the TensorFlow backend.
        path: where to write; the file appears whole or not at all.
        asked: how the file is written.
        **options: fields of the spec, instead of it or to change it.

    Raises:
        SpecError: an option is unknown or out of range.
        ExportError: the model can't be converted.
        StoreError: the file can't be written.
    """
    spec = _spec(asked, options)
    twin = float32_twin(model)
    with written_whole(path) as unfinished:
        unfinished.write_bytes(_bytes_of(_converted(twin.model if twin else model, spec)))


def export(
    model: keras.Model,
    path: Path,
    images: Images,
    asked: ExportSpec | None = None,
    *,
    metadata: Metadata | None = None,
    labels: NDArray[np.integer[Any]] | None = None,
    **options: Any,
) -> Export:
    """Write a Keras model as an ONNX file that agrees with it on these examples.

    Of a model that computes in another precision than float32 (mixed_float16, say) the float32 twin is written and
    compared, and the record says so.

    Args:
        model: functional, or Sequential with a defined input; built, on the TensorFlow backend.
        path: where to write; an older file stays until the new one has proved right.
        images: (N, ...) as the model takes them, or one such array for each input.
        asked: how the file is written: for any batch or one, channels first, with float16 inputs, in which opset.
        metadata: what the file says of itself; versions and a twin's policy are added. None: nothing.
        labels: of the examples, integers (N,) or (N, P): the accuracy goes into the metadata.
        **options: fields of the spec, instead of it or to change it.

    Raises:
        SpecError: an option is unknown or out of range.
        ExportError: the model can't be converted, or not as asked.
        ParityError: the ONNX graph does not compute what the model computes; nothing is written.
        DataError: the examples don't fit the model.
        StoreError: the file can't be written.
    """
    spec = _spec(asked, options)
    twin = float32_twin(model)
    exported = twin.model if twin else model
    converted = _converted(exported, spec)
    with written_whole(path) as unfinished:
        unfinished.write_bytes(_bytes_of(converted))
        found, answers = compared(exported, unfinished, images, spec)
        require_parity(found, path.name, lambda: _differing(exported, images))
        accuracy = None if labels is None or metadata is None else answers.accuracy(np.asarray(labels))
        if metadata is not None:
            known = {"accuracy": accuracy, "twin_of": twin.policy if twin else None, "versions": versions()}
            metadata.model_copy(update=known).write_into(converted.metadata_props)
            unfinished.write_bytes(_bytes_of(converted))
        apart = difference_of(model, exported, images) if twin else None
        return Export(
            opset=spec.opset,
            size_bytes=unfinished.stat().st_size,
            sha256=file_digest(unfinished),
            architecture=architecture_digest(unfinished),
            parity=found,
            twin_of=twin.policy if twin else None,
            twin_difference=apart if apart is not None and math.isfinite(apart) else None,
            asked=spec if spec.options else None,
            accuracy=accuracy,
        )


def _differing(model: keras.Model, images: Images) -> str | None:
    """The layer after which the ONNX graph computes something else than Keras; None where it is not to be found."""
    few = [array[:FEW] for array in ([images] if isinstance(images, np.ndarray) else images)]
    taken = [tensor.shape for tensor in model.inputs]

    def fails(part: keras.Model) -> bool:
        own = [tensor.shape for tensor in part.inputs] == taken  # else it is a part of a model inside this one
        try:
            with scratch() as folder:
                onnx_from_keras(part, folder / "part.onnx")
                found = parity(part, folder / "part.onnx", few if own else random_examples(part, count=FEW))
                return found.largest_difference > TOLERANCE
        except HarnessError:
            return False  # what can not be compared is not known to differ

    return culprit(model, fails)


def versions() -> dict[str, str]:
    """Of the packages that write a file."""
    return {package: version(package) for package in WRITERS}


def _spec(asked: ExportSpec | None, options: dict[str, Any]) -> ExportSpec:
    spec = asked or ExportSpec()
    return checked(ExportSpec, {**spec.model_dump(), **options}, "export") if options else spec


def _converted(model: keras.Model, asked: ExportSpec) -> ir.Model:
    converted, interface = graph_from_keras(model, asked)
    with quiet():
        clean(converted, interface, float16_inputs=asked.float16_inputs)
    return converted


def _bytes_of(model: ir.Model) -> bytes:
    data: bytes = ir.to_proto(model).SerializeToString(deterministic=True)
    return data
