"""What a prune did: the plan it followed, the proof that it kept to it, and what it cost each layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from harness.records.record import GrownRecord, Record
from harness.records.training import Reconstruction, Recovery, Training
from harness.spec import PruneSpec, SpeedSpec


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

    @property
    def architecture_holds(self) -> bool:
        """Whether none of the trials with random weights does, whatever the weights as they are say."""
        random = [value for name, value in self.trials.items() if name.startswith("random weights")]
        return max(random) <= self.tolerance


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


class Reached(Record):
    """One batch size of a network pruned to a target. Latencies are in microseconds, those measured medians.

    `predicted` and `speedup` are how many times as fast as the original it is by the model and as measured, the latter
    with its 95 % interval, which is None where the budget allowed too few launches.
    """

    batch: int
    predicted: float
    speedup: float
    ci_low: float | None
    ci_high: float | None
    verdict: str
    original_us: float
    pruned_us: float

    @property
    def interval(self) -> str:
        """The speed-up with its interval: `2.10x [2.09, 2.12]`."""
        if self.ci_low is None or self.ci_high is None:
            return f"{self.speedup:.2f}x [too few launches for an interval]"
        return f"{self.speedup:.2f}x [{self.ci_low:.2f}, {self.ci_high:.2f}]"


class Round(GrownRecord):
    """One try: the widths of each layer, and what they reached. `met` is whether the target was.

    `missed` is the share of the squares of the original's outputs that they miss, reconstructed and not trained, on
    examples that nothing was solved from; None where they were not judged so.
    """

    widths: Mapping[str, int]
    reached: tuple[Reached, ...]
    met: bool
    missed: float | None = None
    later = frozenset({"missed"})


class Speed(Record):
    """How a network was pruned by measured latency: what was asked, the tries, and which of them it is.

    `device` is where it ran, `conditions` what the latencies hold under. `loss` is what the widths give up by the
    importance's measure, and `least` what any widths within the predicted latency would at the least: 0, which says
    nothing, where so many groups meet in a layer that prices are linear.
    """

    asked: SpeedSpec
    device: str
    conditions: Mapping[str, Any]
    rounds: tuple[Round, ...]
    chosen: int
    loss: float
    least: float
    table_seconds: float

    @property
    def reached(self) -> tuple[Reached, ...]:
        """What the chosen widths reached, at each batch size."""
        return self.rounds[self.chosen].reached

    @property
    def judged(self) -> tuple[float, ...]:
        """What each of the widths that were told apart by reconstruction misses, in increasing order; empty if by loss.

        The chosen ones miss the first.
        """
        return tuple(sorted(each.missed for each in self.rounds if each.missed is not None))


class Matched(Record):
    """The share that every layer loses, so that the network is about as fast as another with other widths.

    `wanted` are the speed-ups that the other was measured to have over their original, `predicted` those of this one by
    the latency table, at each batch size.
    """

    ratio: float
    wanted: Mapping[int, float]
    predicted: Mapping[int, float]


class ChosenWidths(GrownRecord):
    """What a choice of widths by latency came to: a plan that makes them, or in one line why there is none.

    The plan names the channels of the network that they were chosen for; others take their numbers from it. Where every
    layer loses the same share, `matched` tells which, instead of `speed`.
    """

    plan: ChannelPlan | None
    speed: Speed | None
    refused: str | None
    matched: Matched | None = None
    later = frozenset({"matched"})


class OutputKept(Record):
    """How much of one output of the original a pruned graph keeps.

    `top1` is the share of places at which the largest of the last axis is the same, None where that has one entry.
    `cosine` of the answers to an example, and their distance as a share of the original's length, by percentile: half,
    nine tenths and 99 in 100 of the examples are at least so near.
    """

    top1: float | None
    cosine: Mapping[str, float]
    relative_error: Mapping[str, float]


class Agreement(Record):
    """How much of the original's answers is kept, by output, on `examples` that nothing was chosen or solved by."""

    examples: int
    outputs: Mapping[str, OutputKept]


class PruneFile(GrownRecord):
    """What stands beside a pruned file, as `NAME.report.json`: what was asked, the proof, and what it did.

    `spec` is None where a plan was replayed. The proof is about the network before it was recalibrated or trained on.
    `recovery` is None where no accuracy can be told; then `recalibrated` says whether statistics were measured again,
    and `reconstruction` which kernels were solved again.
    `speed` is there where the widths were chosen by measured latency; then `spec` is None. `agreement` tells how much
    of its answers an ONNX file keeps, where there were examples to spare.
    """

    schema_version: Literal["harness-prune/1"] = "harness-prune/1"
    source: str
    spec: PruneSpec | None
    proof: Proof
    report: PruneReport
    recovery: Recovery | None
    recalibrated: bool = False
    reconstruction: Reconstruction | None = None
    speed: Speed | None = None
    agreement: Agreement | None = None
    later = frozenset({"reconstruction", "speed", "agreement"})


class Verdict(Record):
    """Whether a pruned file is the masked original: `holds` is None where that can't be told; `why` is one line."""

    holds: bool | None
    why: str
    proof: Proof | None = None


class Pruning(GrownRecord):
    """What a prune did, and then reconstruction and fine-tuning. `proof` is None only for a control that is wrong on
    purpose; `speed` is there where the widths were chosen by measured latency, `matched` where every layer loses the
    same share, to be as fast as such widths.
    """

    plan: ChannelPlan
    proof: Proof | None
    pinned: Mapping[str, str]
    parameters_before: int
    parameters_after: int
    finetune: Training | None
    reconstruction: Reconstruction | None = None
    speed: Speed | None = None
    matched: Matched | None = None
    later = frozenset({"reconstruction", "speed", "matched"})
