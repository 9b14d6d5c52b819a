"""What stages produce: frozen, versioned, written as JSON. Raw values are fields; what follows from them is derived."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from harness.spec import Case, PruneSpec
from harness.stats.learned import above_chance, learned


class Record(BaseModel):
    """A frozen result; reading one with unknown or missing fields is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Training(Record):
    """How one training went. `history` maps a metric to its value after each epoch, or of a training in steps at each
    point; None where not finite.

    `examples` were trained on in the last epoch, or before the last point; `chance` is the share of the commonest class
    among the labels (None: not recorded).
    """

    history: Mapping[str, tuple[float | None, ...]]
    parameters: int
    seconds: float
    backend: str
    device: str
    keras_version: str
    examples: int | None = None
    chance: float | None = None

    @property
    def learned(self) -> bool | None:
        """Whether it learned, as harness/stats/learned.py defines it; None where what that takes was not recorded."""
        accuracies, losses = self.history.get("accuracy", ()), self.history.get("loss", ())
        if self.examples is None or self.chance is None or not accuracies:
            return None
        last = accuracies[-1]
        finite = [math.nan if loss is None else loss for loss in losses]
        return last is not None and learned(last, self.chance, self.examples, finite)


class ChannelPlan(Record):
    """Which output channels each layer keeps, as indices into the original layer, in increasing order.

    `architecture` is the digest of the graph the plan was made for; it fits no other.
    """

    schema_version: Literal["harness-plan/1"] = "harness-plan/1"
    architecture: str
    kept: Mapping[str, tuple[int, ...]]
    channels: Mapping[str, int]


class Proof(Record):
    """Masked original against pruned network, on logits.

    Differences are the largest absolute difference divided by the spread (standard deviation) of the logits;
    `trials` maps what was tried (such as `random weights`) to its difference.
    """

    trials: Mapping[str, float]
    examples: int
    tolerance: float

    @property
    def largest_difference(self) -> float:
        return max(self.trials.values())

    @property
    def holds(self) -> bool:
        return self.largest_difference <= self.tolerance


class LayerCost(Record):
    """What pruning did to one layer. `channels` are those that it makes itself; `macs` are multiply-accumulates for
    one example, or None where they can't be counted: a size is not fixed, or the layer's work is unknown.
    """

    layer: str
    kind: str
    channels_before: int | None
    channels_after: int | None
    parameters_before: int
    parameters_after: int
    macs_before: int | None
    macs_after: int | None


class PruneReport(Record):
    """What a prune removed, by layer, and why each of the `pinned` layers had to keep channels."""

    layers: tuple[LayerCost, ...]
    pinned: Mapping[str, str]

    @property
    def parameters_before(self) -> int:
        return sum(layer.parameters_before for layer in self.layers)

    @property
    def parameters_after(self) -> int:
        return sum(layer.parameters_after for layer in self.layers)

    @property
    def macs_before(self) -> int | None:
        return total(layer.macs_before for layer in self.layers)

    @property
    def macs_after(self) -> int | None:
        return total(layer.macs_after for layer in self.layers)


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None where a part is unknown."""
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


class Recovery(Record):
    """Accuracy on the same `examples` test examples, at every step of winning it back, beside three baselines.

    `recalibrated` is None where no layer has statistics to measure again, `tuned` where nothing was trained;
    `original_recalibrated` is the original treated alike, so that what recalibration wins is not credited to pruning.
    All were fine-tuned for `epochs`, the same widths from new weights trained for `scratch_epochs`; the baselines are
    None where they were not asked for.
    """

    examples: int
    epochs: int
    distilled: bool
    original: float
    original_recalibrated: float | None = None
    pruned: float
    recalibrated: float | None = None
    tuned: float | None = None
    random_channels: float | None = None
    from_scratch: float | None = None
    scratch_epochs: int | None = None
    original_longer: float | None = None


class PruneFile(Record):
    """What stands beside a pruned file, as `NAME.report.json`: what was asked, the proof, and what it did.

    `spec` is None where a plan was replayed. The proof is about the network before it was recalibrated or trained on.
    `recovery` is None where no accuracy can be told; then `recalibrated` says whether statistics were measured again.
    """

    schema_version: Literal["harness-prune/1"] = "harness-prune/1"
    source: str
    spec: PruneSpec | None
    proof: Proof
    report: PruneReport
    recovery: Recovery | None
    recalibrated: bool = False


class Verdict(Record):
    """Whether a pruned file is the masked original: `holds` is None where that can't be told; `why` is one line."""

    holds: bool | None
    why: str
    proof: Proof | None = None


class Pruning(Record):
    """What a prune did. `proof` is None only for a control that is wrong on purpose."""

    plan: ChannelPlan
    proof: Proof | None
    pinned: Mapping[str, str]
    parameters_before: int
    parameters_after: int
    finetune: Training | None


class Parity(Record):
    """Keras against the ONNX file, on the same examples.

    `largest_difference` is relative to the spread of the Keras outputs, or of their logarithms where a Softmax made
    them; `top1_disagreements` leaves out the `ties`, examples whose two best Keras outputs are closer than 1e-5.
    """

    examples: int
    largest_difference: float
    top1_disagreements: int
    ties: int


class Export(Record):
    """An ONNX file. `architecture` digests the graph without its weights' values: equal digests, equal kernels.

    `twin_of` is the dtype policy of a model whose float32 twin was exported; None where the model computes in float32
    itself. It differs from its twin by `twin_difference` of the outputs' spread (None: not all its outputs are finite).
    """

    opset: int
    size_bytes: int
    sha256: str
    architecture: str
    parity: Parity
    twin_of: str | None = None
    twin_difference: float | None = None


class Accuracy(Record):
    """How many of the test examples an ONNX file classifies correctly, and where it ran.

    `correct` has one character an example in test order, `1` where the answer was right. `chance` is the share of
    the commonest class among those examples: what always giving one answer would score (None: not recorded).
    """

    correct: str
    device: str
    chance: float | None = None

    @property
    def examples(self) -> int:
        return len(self.correct)

    @property
    def hits(self) -> int:
        return self.correct.count("1")

    @property
    def value(self) -> float:
        return self.hits / self.examples

    @property
    def above_chance(self) -> bool | None:
        """Whether this is more than luck (harness/stats/learned.py); None where chance was not recorded."""
        return None if self.chance is None else above_chance(self.value, self.chance, self.examples)


class Row(Record):
    """One network as it would ship: an original (`prune` is None) or a pruned variant. `error` says why it failed.

    With `longer_epochs` it is the original trained on for as long as pruned variants were fine-tuned, `tuning` being
    that training, so that what more training wins is not credited to pruning.
    """

    case: Case
    prune: PruneSpec | None
    longer_epochs: int = 0
    training: Training | None = None
    tuning: Training | None = None
    pruning: Pruning | None = None
    export: Export | None = None
    accuracy: Accuracy | None = None
    error: str | None = None

    @property
    def original(self) -> bool:
        """Whether it is the original as it is."""
        return self.prune is None and not self.longer_epochs

    @property
    def variant(self) -> str:
        if self.prune is not None:
            return self.prune.label
        return f"original, tuned {self.longer_epochs}" if self.longer_epochs else "original"

    @property
    def name(self) -> str:
        return f"{self.case.name} {self.variant}"
