"""From a Keras model to an ONNX file: converted, cleaned, and proven."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.quiet import quiet
from harness.base.store import file_digest
from harness.export.architecture import architecture_digest
from harness.export.cleanup.clean import clean
from harness.export.conversion.convert import LARGEST_OPSET, model_proto_from_keras
from harness.export.conversion.twin import float32_twin
from harness.export.files import written_whole
from harness.export.proof.agreement import difference_of, parity, require_parity
from harness.export.proof.outputs import Images
from harness.records import Export

if TYPE_CHECKING:
    import keras


def onnx_from_keras(model: keras.Model, path: Path, *, opset: int = LARGEST_OPSET) -> None:
    """Write a Keras model as an ONNX file, for inference, with any batch size.

    The file depends on the model's layers and weights alone: the same model gives the same bytes. One input is
    `input`, one output `output`; see `harness.export.interface.describe` for several. The model is not changed. Of a
    model that computes in another precision the float32 twin is written (see `harness.export.conversion.twin`).

    Args:
        model: functional, or Sequential with a defined input; built, on the TensorFlow backend.
        path: where to write; the file appears whole or not at all.
        opset: of the ONNX operators, 13 to 18.

    Raises:
        ExportError: the model can't be converted.
        StoreError: the file can't be written.
    """
    twin = float32_twin(model)
    with written_whole(path) as unfinished:
        unfinished.write_bytes(_converted(twin.model if twin else model, opset))


def export(model: keras.Model, path: Path, images: Images, *, opset: int = LARGEST_OPSET) -> Export:
    """Write a Keras model as an ONNX file that agrees with it on these examples.

    Of a model that computes in another precision than float32 (mixed_float16, say) the float32 twin is written and
    compared, and the record says so.

    Args:
        model: functional, or Sequential with a defined input; built, on the TensorFlow backend.
        path: where to write; an older file stays until the new one has proved right.
        images: (N, ...) as the model takes them, or one such array for each input.
        opset: of the ONNX operators, 13 to 18.

    Raises:
        ExportError: the model can't be converted.
        ParityError: the ONNX graph does not compute what the model computes; nothing is written.
        DataError: the examples don't fit the model.
        StoreError: the file can't be written.
    """
    twin = float32_twin(model)
    exported = twin.model if twin else model
    with written_whole(path) as unfinished:
        unfinished.write_bytes(_converted(exported, opset))
        found = parity(exported, unfinished, images)
        require_parity(found, path.name)
        apart = difference_of(model, exported, images) if twin else None
        return Export(
            opset=opset,
            size_bytes=unfinished.stat().st_size,
            sha256=file_digest(unfinished),
            architecture=architecture_digest(unfinished),
            parity=found,
            twin_of=twin.policy if twin else None,
            twin_difference=apart if apart is not None and math.isfinite(apart) else None,
        )


def _converted(model: keras.Model, opset: int) -> bytes:
    import onnx_ir as ir

    proto, interface = model_proto_from_keras(model, opset=opset)
    converted = ir.from_proto(proto)
    with quiet():
        clean(converted, interface)
    data: bytes = ir.to_proto(converted).SerializeToString(deterministic=True)
    return data
