"""What a prune did: the plan it followed, the proof that it kept to it, and what it cost each layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from harness.records.record import GrownRecord, Record
from harness.records.training import Reconstruction, Recovery, Training
from harness.spec import PruneSpec


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
        """The worst of all trials, as a share of the logits' spread."""
        return max(self.trials.values())

    @property
    def holds(self) -> bool:
        """Whether no trial differs by more than the tolerance."""
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
        """The parameters of all layers together, unpruned."""
        return sum(layer.parameters_before for layer in self.layers)

    @property
    def parameters_after(self) -> int:
        """The parameters of all layers together, pruned."""
        return sum(layer.parameters_after for layer in self.layers)

    @property
    def macs_before(self) -> int | None:
        """All multiply-accumulates for one example, unpruned; None where a layer's can't be counted."""
        return total(layer.macs_before for layer in self.layers)

    @property
    def macs_after(self) -> int | None:
        """All multiply-accumulates for one example, pruned; None where a layer's can't be counted."""
        return total(layer.macs_after for layer in self.layers)


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None where a part is unknown."""
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


class PruneFile(GrownRecord):
    """What stands beside a pruned file, as `NAME.report.json`: what was asked, the proof, and what it did.

    `spec` is None where a plan was replayed. The proof is about the network before it was recalibrated or trained on.
    `recovery` is None where no accuracy can be told; then `recalibrated` says whether statistics were measured again,
    and `reconstruction` which kernels were solved again.
    """

    schema_version: Literal["harness-prune/1"] = "harness-prune/1"
    source: str
    spec: PruneSpec | None
    proof: Proof
    report: PruneReport
    recovery: Recovery | None
    recalibrated: bool = False
    reconstruction: Reconstruction | None = None
    later = frozenset({"reconstruction"})


class Verdict(Record):
    """Whether a pruned file is the masked original: `holds` is None where that can't be told; `why` is one line."""

    holds: bool | None
    why: str
    proof: Proof | None = None


class Pruning(GrownRecord):
    """What a prune did, and then reconstruction and fine-tuning. `proof` is None only for a control that is wrong on
    purpose.
    """

    plan: ChannelPlan
    proof: Proof | None
    pinned: Mapping[str, str]
    parameters_before: int
    parameters_after: int
    finetune: Training | None
    reconstruction: Reconstruction | None = None
    later = frozenset({"reconstruction"})
