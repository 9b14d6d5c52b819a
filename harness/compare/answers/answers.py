"""All that a run says, with what it holds besides variants: contrasts between them, and the control."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from harness.compare.answers.choice import Choice
from harness.compare.answers.interval import Interval
from harness.compare.answers.learning import Learning
from harness.compare.answers.speed import SpeedUp
from harness.compare.answers.variant import Standing, Variant
from harness.records import Record
from harness.spec import Mode


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
    to the reason; `learning` is None where all trainings learned and nothing else was asked. `choices` are in the order
    of arenas, then batch sizes.
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
    choices: tuple[Choice, ...] = ()

    def variant(self, key: str) -> Variant:
        """The variant with this key; KeyError if there is none."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> Mapping[str, Variant]:
        return {variant.key: variant for variant in self.variants}

    @cached_property
    def _by_network(self) -> Mapping[str, tuple[Variant, ...]]:
        found: dict[str, list[Variant]] = {}
        for variant in self.variants:
            found.setdefault(variant.network, []).append(variant)
        return {network: tuple(sorted(own, key=_originals_first)) for network, own in found.items()}

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks by name, in the study's order."""
        return tuple(self._by_network)

    def of(self, network: str) -> tuple[Variant, ...]:
        """The variants of one network, original first."""
        return self._by_network.get(network, ())

    @property
    def pruned(self) -> tuple[Variant, ...]:
        """The variants that something was removed from, in float32."""
        return tuple(variant for variant in self.variants if variant.prune is not None and variant.quantize is None)

    @cached_property
    def comparable(self) -> tuple[Variant, ...]:
        """Those of them that can be held against their originals."""
        return tuple(variant for variant in self.variants if variant.comparable)

    @property
    def quantized(self) -> tuple[Variant, ...]:
        """The variants in another precision than float32."""
        return tuple(variant for variant in self.variants if variant.quantize is not None)

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
        """The arenas, in the study's order: a frontier each, at each batch size."""
        return tuple(dict.fromkeys(variant.arena for variant in self.variants))

    @property
    def swaps(self) -> tuple[tuple[Variant, Variant], ...]:
        """What is chosen, each with the network that it would replace; once, whatever the batch size."""
        keys = dict.fromkeys((each.variant, each.reference) for each in self.choices if each.variant is not None)
        return tuple((self.variant(variant), self.variant(reference)) for variant, reference in keys)

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


def _originals_first(variant: Variant) -> tuple[bool, bool]:
    return not variant.original, not variant.trained_on
