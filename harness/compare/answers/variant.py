"""One Variant a network and pruning: what all its seeds say together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

from harness.compare.answers.interval import Interval
from harness.compare.answers.speed import Latency, SpeedUp
from harness.records import Blame, Record
from harness.spec import Precision, PruneSpec


class SeedOutcome(Record):
    """One training of a variant.

    `learned` tells whether the *original* of that seed learned and shows it on the test examples, see
    harness/stats/learned.py (None: what that takes was not recorded); `at_chance` that it does not, though nothing is
    known against its training. `change` is the accuracy minus that of the original, on the same examples, None where
    the original did not learn: there is nothing to lose then. `architecture` is the ONNX graph's digest,
    None for a network that was not exported.
    """

    seed: int
    architecture: str | None
    accuracy: Interval | None
    change: Interval | None
    learned: bool | None
    at_chance: bool = False
    error: str | None


class Standing(StrEnum):
    """Where a variant stands with regard to the speed/accuracy frontier: see harness/compare/frontier.py."""

    ON = "on the frontier"
    NARROWLY = "narrowly on it"
    CLOSE = "close behind"
    BEHIND = "behind"


class Place(Record):
    """A variant's standing at one batch size; `rival` is the key of the variant that beats it or nearly does."""

    standing: Standing
    rival: str | None


class Variant(Record):
    """One network, original, pruned in one way or in another precision, over all its seeds.

    With `longer_epochs` it is the original trained on for as long as pruned variants were fine-tuned. `trained_here` is
    false of a network that came in a file, whose name ends in `suffix`. There are `examples` test examples, of which
    always giving one answer gets the share `chance` right.
    `change` is the accuracy minus its original's, `equal_change` minus that of the original trained on for as many
    epochs; None where no original learned. `arena` tells against which others it stands on a frontier: those of its
    task that were measured together.
    `accuracy`, `change` and the frontier rest on the `counted` seeds: those that finished and whose original learned,
    or all that finished where none learned.
    `widths` are the channels that each layer keeps of a pruned one, by layer; None where its seeds differ in that.
    `loss_p` is McNemar's exact test of `equal_change`, or else of `change`, by Holm's method over all pruned variants
    of the run; None where several seeds are pooled, of which the intervals tell.
    With `quantize` its file was made from that of the variant called `in_float32`, in this precision; `precision_gains`
    are its speed-ups against that, and `blamed` is where its time goes, of the seed that was profiled.
    `parameters` and `size_bytes` are (smallest, largest) over the seeds. `speedups` are against its original,
    keyed by batch size, as are `latencies` and `places`.
    """

    network: str
    label: str
    model: str
    factors: Mapping[str, Any]
    prune: PruneSpec | None
    longer_epochs: int = 0
    quantize: Precision | None = None
    in_float32: str | None = None
    trained_here: bool = True
    suffix: str = ""
    task: str
    arena: str = ""
    seeds: tuple[SeedOutcome, ...]
    counted: tuple[int, ...]
    parameters: tuple[int, int] | None
    size_bytes: tuple[int, int] | None
    examples: int | None = None
    chance: float | None = None
    accuracy: Interval | None
    change: Interval | None
    equal_change: Interval | None = None
    loss_p: float | None = None
    widths: Mapping[str, int] | None = None
    latencies: Mapping[int, Latency] = {}
    speedups: Mapping[int, SpeedUp] = {}
    precision_gains: Mapping[int, SpeedUp] = {}
    blamed: tuple[Blame, ...] = ()
    places: Mapping[int, Place] = {}
    devices: tuple[str, ...]
    proof_difference: float | None
    parity_difference: float | None
    parity_disagreements: int | None

    @cached_property
    def key(self) -> str:
        """Network and label: no two variants of a run share it."""
        return f"{self.network}, {self.label}"

    @property
    def original(self) -> bool:
        """Whether it is the original as it is."""
        return self.prune is None and not self.longer_epochs and self.quantize is None

    @property
    def derived(self) -> bool:
        """Whether it was made from an original, to stand beside it: pruned, in another precision, or both."""
        return self.prune is not None or self.quantize is not None

    @property
    def trained_on(self) -> bool:
        """Whether it is the original, trained on."""
        return self.prune is None and self.longer_epochs > 0

    @property
    def control(self) -> bool:
        """Whether it is wrong on purpose, to show what a common mistake does."""
        return self.prune is not None and self.prune.rows == "first"

    @property
    def baseline(self) -> bool:
        """Whether it only shows what choosing its channels, or keeping their weights, was worth."""
        return self.prune is not None and self.prune.baseline in ("random", "scratch")

    @property
    def comparable(self) -> bool:
        """Whether it is pruned, in float32, not wrong on purpose, and its original learned, as far as is known."""
        return self.prune is not None and self.quantize is None and not self.control and self.learned is not False

    @cached_property
    def architectures(self) -> tuple[str, ...]:
        """The distinct ONNX graphs of its seeds."""
        return tuple(dict.fromkeys(seed.architecture for seed in self.seeds if seed.architecture is not None))

    @cached_property
    def finished(self) -> tuple[SeedOutcome, ...]:
        """The seeds with an accuracy."""
        return tuple(seed for seed in self.seeds if seed.accuracy is not None)

    @cached_property
    def learned(self) -> bool | None:
        """Whether the original learned with any seed; None when that was not recorded for any."""
        known = [seed.learned for seed in self.finished if seed.learned is not None]
        return any(known) if known else None

    @property
    def at_chance(self) -> bool:
        """Whether nothing is known against the training, and no seed is better than luck on the test examples."""
        return self.learned is False and any(seed.at_chance for seed in self.finished)

    @property
    def unlearned_seeds(self) -> tuple[int, ...]:
        """The seeds whose original did not learn."""
        return tuple(seed.seed for seed in self.seeds if seed.learned is False)

    @property
    def spread(self) -> float | None:
        """Best minus worst of the counted seeds, as a fraction; None with fewer than two."""
        values = [seed.accuracy.value for seed in self.seeds if seed.accuracy is not None and seed.seed in self.counted]
        return max(values) - min(values) if len(values) > 1 else None
