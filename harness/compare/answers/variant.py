"""What a run says, as data: one Variant a network and pruning, over all its seeds. All of it can be written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from harness.compare.answers.interval import Interval
from harness.compare.answers.learning import Learning
from harness.records import Record
from harness.spec import Mode, PruneSpec


class Verdict(StrEnum):
    """What the measurement says of a candidate. `same graph`: nothing was removed, so there was nothing to measure."""

    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    SAME_GRAPH = "same graph"


class SpeedUp(Record):
    """How many times as fast as its baseline a network runs; 2 is twice as fast. Bounds are None when unbounded."""

    value: float
    low: float | None
    high: float | None
    verdict: Verdict


class Latency(Record):
    """A network's latency at one batch size, for comparing it with the others of the run.

    Only the reference network, the first one, has its plain median over launches. An original has that, divided by
    its paired speed-up over the reference, and a pruned variant its original's, divided by its speed-up over it. So
    latencies agree with the speed-ups, and what slows some launches for all networks is no difference between them.
    The bounds are those of the ratio to the reference, which has none itself; None where there are too few launches.
    """

    typical_us: float
    low_us: float | None
    high_us: float | None


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
    """One network, original or pruned in one way, over all its seeds.

    With `longer_epochs` it is the original trained on for as long as pruned variants were fine-tuned. `trained_here` is
    false of a network that came in a file. There are `examples` test examples, of which always giving one answer gets
    the share `chance` right.
    `change` is the accuracy minus the own original's, `equal_change` minus that of the original trained on for as many
    epochs; None where no original learned. `arena` tells against which others it stands on a frontier: those of its
    task that were measured together.
    `accuracy`, `change` and the frontier rest on the `counted` seeds: those that finished and whose original learned,
    or all that finished where none learned.
    `parameters` and `size_bytes` are (smallest, largest) over the seeds. `speedups` are against the own original,
    keyed by batch size, as are `latencies` and `places`.
    """

    network: str
    label: str
    model: str
    factors: Mapping[str, Any]
    prune: PruneSpec | None
    longer_epochs: int = 0
    trained_here: bool = True
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
    latencies: Mapping[int, Latency] = {}
    speedups: Mapping[int, SpeedUp] = {}
    places: Mapping[int, Place] = {}
    devices: tuple[str, ...]
    proof_difference: float | None
    parity_difference: float | None
    parity_disagreements: int | None

    @property
    def key(self) -> str:
        return f"{self.network}, {self.label}"

    @property
    def original(self) -> bool:
        return self.prune is None and not self.longer_epochs

    @property
    def trained_on(self) -> bool:
        """Whether it is the original, trained on."""
        return self.prune is None and self.longer_epochs > 0

    @property
    def control(self) -> bool:
        """Whether it is wrong on purpose, to show what a common mistake does."""
        return self.prune is not None and self.prune.rows == "first"

    @property
    def architectures(self) -> tuple[str, ...]:
        """The distinct ONNX graphs of its seeds."""
        return tuple(dict.fromkeys(seed.architecture for seed in self.seeds if seed.architecture is not None))

    @property
    def finished(self) -> tuple[SeedOutcome, ...]:
        """The seeds with an accuracy."""
        return tuple(seed for seed in self.seeds if seed.accuracy is not None)

    @property
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
        return tuple(seed.seed for seed in self.seeds if seed.learned is False)

    @property
    def spread(self) -> float | None:
        """Best minus worst of the counted seeds, as a fraction; None with fewer than two."""
        values = [seed.accuracy.value for seed in self.seeds if seed.accuracy is not None and seed.seed in self.counted]
        return max(values) - min(values) if len(values) > 1 else None


class Contrast(Record):
    """One factor's `value` against its `base` value in unpruned networks of `model` that are the `same` otherwise.

    `change` is None where the two are not asked the same task; `speedups` are keyed by batch size.
    """

    model: str
    factor: str
    base: str
    value: str
    same: Mapping[str, str]
    change: Interval | None
    speedups: Mapping[int, SpeedUp]


class Control(Record):
    """A measurement's own check at one batch size: a copy of a network, measured as if it were another.

    `inputs` tells the measurements of a run apart; empty where it has one.
    """

    batch: int
    inputs: str = ""
    speedup: SpeedUp


class Answers(Record):
    """All that follows from a run's results, with latencies in one `mode` of measuring.

    `margin` is the difference in speed that does not matter, as a fraction; `failures` maps the name of what failed
    to the reason; `learning` is None where all trainings learned and nothing else was asked.
    """

    study: str
    question: str
    mode: Mode
    batch_sizes: tuple[int, ...]
    margin: float
    variants: tuple[Variant, ...]
    contrasts: tuple[Contrast, ...]
    controls: tuple[Control, ...]
    failures: Mapping[str, str]
    learning: Learning | None = None

    def variant(self, key: str) -> Variant:
        """The variant with this key; KeyError if there is none."""
        for variant in self.variants:
            if variant.key == key:
                return variant
        raise KeyError(key)

    @property
    def networks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(variant.network for variant in self.variants))

    def of(self, network: str) -> tuple[Variant, ...]:
        """The variants of one network, original first."""
        found = [variant for variant in self.variants if variant.network == network]
        return tuple(sorted(found, key=lambda variant: (not variant.original, not variant.trained_on)))

    @property
    def pruned(self) -> tuple[Variant, ...]:
        return tuple(variant for variant in self.variants if variant.prune is not None)

    @property
    def longer(self) -> tuple[Variant, ...]:
        """The originals, trained on."""
        return tuple(variant for variant in self.variants if variant.trained_on)

    @property
    def unanswered(self) -> tuple[Variant, ...]:
        """The originals about which nothing is concluded: what was pruned or came in a file, and is at chance."""
        pruned = {variant.network for variant in self.pruned}
        return tuple(
            variant
            for variant in self.variants
            if variant.original and variant.learned is False
            if variant.network in pruned or not variant.trained_here
        )

    @property
    def arenas(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(variant.arena for variant in self.variants))

    def standing_at(self, arena: str, batch: int, *standings: Standing) -> list[Variant]:
        """The variants of an arena with one of these standings at a batch size, fastest first."""
        found = [
            variant
            for variant in self.variants
            if variant.arena == arena and batch in variant.places and variant.places[batch].standing in standings
        ]
        return sorted(found, key=lambda variant: variant.latencies[batch].typical_us)

    def frontier(self, arena: str, batch: int) -> list[Variant]:
        """The variants of an arena on the frontier at a batch size, clearly or narrowly, fastest first."""
        return self.standing_at(arena, batch, Standing.ON, Standing.NARROWLY)
