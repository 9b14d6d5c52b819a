"""What findings share: their shape, which variants they compare, and how lists are kept short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.compare import Answers, SeedOutcome, SpeedUp, Variant
from harness.report import format as fmt

FEW = 4
MANY = 8
SHORT = 60  # letters


@dataclass(frozen=True)
class Finding:
    """A short title, a sentence or two, and what they stand on.

    A warning changes how all else is to be read; an `urgent` one is shown unfolded, since nothing else counts.
    """

    title: str
    text: str
    items: tuple[str, ...] = ()
    warning: bool = False
    urgent: bool = False

    @property
    def brief(self) -> str:
        """The title, with the text's first sentence where that is short."""
        first = self.text.split(". ")[0].rstrip(".")
        return f"{self.title}: {first}" if len(first) <= SHORT else self.title

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"title": self.title, "text": self.text, "items": list(self.items), "warning": self.warning}


def comparable_of(answers: Answers, network: str) -> list[Variant]:
    """The comparable variants of one network that were judged, in the study's order."""
    return [each for each in answers.of(network) if each.accuracy and each.comparable]


def with_speedup(answers: Answers, batch: int) -> list[tuple[Variant, SpeedUp]]:
    """The comparable variants whose speed-up at a batch size is known, with it; baselines have those of others."""
    found = [variant for variant in answers.comparable if not variant.baseline]
    return [(variant, variant.speedups[batch]) for variant in found if batch in variant.speedups]


def without_speedup(answers: Answers, batch: int) -> list[Variant]:
    """The exported variants of a measured run whose speed-up at a batch size is not known."""
    measured = any(variant.latencies for variant in answers.variants)
    found = [variant for variant in answers.comparable if not variant.baseline]
    return [each for each in found if measured and each.architectures and batch not in each.speedups]


def first_few(parts: Sequence[str], limit: int, what: str) -> list[str]:
    """The parts, or the first of them and how many more there are."""
    shown = list(parts[:limit])
    return shown if len(parts) <= limit else [*shown, f"And {len(parts) - limit} more {what}."]


def seeds_told(seeds: Sequence[SeedOutcome]) -> str:
    """The first few trainings with their accuracies: `seed 0 (10.4 %), seed 2 (9.8 %)`."""
    told = [f"seed {seed.seed} ({fmt.percent(seed.accuracy.value)})" for seed in seeds if seed.accuracy]
    return ", ".join(told if len(told) <= FEW else [*told[:FEW], f"{len(told) - FEW} more"])


def examples(told: Sequence[str]) -> str:
    """All where they are few; else how many, and the first two."""
    if len(told) <= FEW:
        return "; ".join(told)
    return f"{len(told)} variants, such as {' and '.join(told[:2])}"
