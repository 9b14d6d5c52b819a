"""An ONNX file, and how well it agrees with Keras."""

from __future__ import annotations

from typing import ClassVar

from harness.records.metadata import TestAccuracy
from harness.records.record import GrownRecord, Record
from harness.spec import ExportSpec


class Parity(Record):
    """Keras against the ONNX file, on the same examples.

    `largest_difference` is relative to the spread of the Keras outputs, or of their logarithms where a Softmax made
    them; `top1_disagreements` leaves out the `ties`, examples whose two best Keras outputs are closer than 1e-5.
    """

    examples: int
    largest_difference: float
    top1_disagreements: int
    ties: int


class Export(GrownRecord):
    """An ONNX file. `architecture` digests the graph without its weights' values: equal digests, equal kernels.

    `twin_of` is the dtype policy of a model whose float32 twin was exported; None where the model computes in float32
    itself. It differs from its twin by `twin_difference` of the outputs' spread (None: not all its outputs are finite).
    `parity` is None where there is no Keras model to compare with: the network came as an ONNX file. `asked` is how it
    was to be written (None: by default), `accuracy` what its metadata says.
    """

    later: ClassVar[frozenset[str]] = frozenset({"asked", "accuracy"})

    opset: int
    size_bytes: int
    sha256: str
    architecture: str
    parity: Parity | None
    twin_of: str | None = None
    twin_difference: float | None = None
    asked: ExportSpec | None = None
    accuracy: TestAccuracy | None = None
