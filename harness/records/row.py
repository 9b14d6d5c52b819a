"""A row of a run's results: one network as it would ship, and what every stage says of it."""

from __future__ import annotations

from harness.records.accuracy import Accuracy
from harness.records.export import Export
from harness.records.pruning import Pruning
from harness.records.quantization import Quantization
from harness.records.record import GrownRecord
from harness.records.training import Training
from harness.spec import PRECISION_LABELS, Case, Precision, PruneSpec


class Row(GrownRecord):
    """One network as it would ship: an original (`prune` is None) or a pruned variant. `error` says why it failed.

    `examples` is the SHA-256 of the test examples and their labels (None: not recorded).
    With `longer_epochs` it is the original trained on for as long as pruned variants were fine-tuned, `tuning` being
    that training, so that what more training wins is not credited to pruning.
    With `quantize` its ONNX file was made from that of the row without, in this precision, as `quantization` tells; its
    `export` is that file, with the parity of the one that it was made from.
    """

    later = frozenset({"quantize", "quantization"})

    case: Case
    prune: PruneSpec | None
    longer_epochs: int = 0
    training: Training | None = None
    tuning: Training | None = None
    pruning: Pruning | None = None
    export: Export | None = None
    accuracy: Accuracy | None = None
    examples: str | None = None
    error: str | None = None
    quantize: Precision | None = None
    quantization: Quantization | None = None

    @property
    def original(self) -> bool:
        """Whether it is the original as it is."""
        return self.prune is None and not self.longer_epochs and self.quantize is None

    @property
    def derived(self) -> bool:
        """Whether it was made from an original, to stand beside it: pruned, in another precision, or both."""
        return self.prune is not None or self.quantize is not None

    @property
    def variant(self) -> str:
        """How it was made from its original: `50 %`, `original`, `original, tuned 2`, `50 %, INT8`."""
        precision = "" if self.quantize is None else f", {PRECISION_LABELS[self.quantize]}"
        return f"{self.in_float32}{precision}"

    @property
    def in_float32(self) -> str:
        """The variant that it is, but for its precision."""
        if self.prune is not None:
            return self.prune.label
        return f"original, tuned {self.longer_epochs}" if self.longer_epochs else "original"

    @property
    def name(self) -> str:
        """Its case and variant: no two rows of a run share it."""
        return f"{self.case.name} {self.variant}"
