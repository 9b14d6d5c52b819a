"""Which variants a report shows of a run that has more than anybody looks through, and which its charts draw."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from harness.compare import Answers, Standing, Variant
from harness.report import format as fmt

MOST = 500  # a page of so many still opens and sorts at once: bench/results/page.md
# Where not all are shown:
MOST_DRAWN = 240  # at the head of the page
MOST_CHARTED = 120  # in the charts that tell networks apart
MOST_NETWORKS = 6  # there: as many as have a colour and a shape of their own
APART = 0.03, 0.0015  # share of a latency and difference in accuracy below which two dots lie on each other
STANDINGS = list(Standing)


@dataclass(frozen=True)
class Shown:
    """What stands in the tables, at the head of the page, and in its charts: all, or what matters most."""

    every: Answers
    tables: Answers
    head: Answers
    charts: Answers

    @property
    def at_head(self) -> str:
        """How many of all the chart at the head draws; empty where it draws all."""
        if self.head is self.every:
            return ""
        return f"Drawn: {_of(self.head, self.every)}, one where several would lie on each other."

    @property
    def in_charts(self) -> str:
        """The same of the other charts."""
        if self.charts is self.every:
            return ""
        networks = f"{len(self.charts.networks)} of {fmt.plural(len(self.every.networks), 'network')}"
        return f"Drawn: {_of(self.charts, self.every)}, of {networks}."


def shown_of(answers: Answers) -> Shown:
    """What a report shows of a run; of one that is not large, everything."""
    if len(answers.variants) <= MOST:
        return Shown(answers, answers, answers, answers)
    head = _among(answers, set(_apart(answers)))
    return Shown(answers, worth_showing(answers), head, _charted(answers, head))


def worth_showing(answers: Answers) -> Answers:
    """The answers as they are, or with the variants alone that matter most, at least `MOST`, in the study's order.

    What is chosen and what it would replace comes first, then what is on a frontier, near it, or behind it, and of
    those that are alike in that the most accurate; each brings its original.
    """
    if len(answers.variants) <= MOST:
        return answers
    originals = _originals(answers)
    kept: set[str] = set()
    for variant in _ranked(answers):
        if len(kept) >= MOST:
            break
        kept.update((variant.key, originals.get(variant.network, variant.key)))
    return _among(answers, kept)


def left_out(answers: Answers, shown: Answers) -> str:
    """What is not shown, and where it is; empty where all is."""
    if shown is answers:
        return ""
    return (
        f"{_of(shown, answers)} are shown, fewer in the charts: what is chosen, what is on a frontier or nearest to "
        "it, and their originals. `harness results RUN --format csv` has all."
    )


def _of(some: Answers, every: Answers) -> str:
    return f"{fmt.count(len(some.variants))} of {fmt.count(len(every.variants))} variants"


def _apart(answers: Answers) -> Iterator[str]:
    """The first `MOST_DRAWN` that are chosen or don't lie on one before them at any batch size, by their keys."""
    chosen, count = _chosen(answers), 0
    taken: set[tuple[str, int, int, int]] = set()
    for variant in _ranked(answers):
        spots = {(variant.arena, batch, *_spot(variant, batch)) for batch in variant.places}
        if variant.key in chosen or (spots - taken and count < MOST_DRAWN):
            taken |= spots
            count += 1
            yield variant.key


def _spot(variant: Variant, batch: int) -> tuple[int, int]:
    """Where its dot is, so coarsely that dots of one spot lie on each other."""
    assert variant.accuracy is not None
    latency, accuracy = APART
    return round(math.log(variant.latencies[batch].typical_us) / latency), round(variant.accuracy.value / accuracy)


def _charted(answers: Answers, head: Answers) -> Answers:
    """Few networks, whole as far as they fit: those of what is chosen, and those that the head draws the most of."""
    chosen = _chosen(answers)
    own = {variant.network for variant in answers.variants if variant.key in chosen}
    counts = Counter(variant.network for variant in head.variants)
    networks = dict.fromkeys(variant.network for variant in _ranked(answers))
    most = sorted(networks, key=lambda network: (network not in own, -counts[network]))[:MOST_NETWORKS]
    originals = _originals(answers)
    kept: set[str] = set()
    for variant in _ranked(answers):
        if variant.network in most and len(kept) < MOST_CHARTED:
            kept.update((variant.key, originals.get(variant.network, variant.key)))
    return _among(answers, kept)


def _ranked(answers: Answers) -> list[Variant]:
    chosen = _chosen(answers)
    return sorted(answers.variants, key=lambda each: (each.key not in chosen, *_rank(each)))


def _rank(variant: Variant) -> tuple[int, float]:
    best = min((STANDINGS.index(place.standing) for place in variant.places.values()), default=len(STANDINGS))
    return best, -variant.accuracy.value if variant.accuracy else 0.0


def _chosen(answers: Answers) -> set[str | None]:
    return {key for choice in answers.choices for key in (choice.variant, choice.reference)}


def _originals(answers: Answers) -> dict[str, str]:
    return {variant.network: variant.key for variant in answers.variants if variant.original}


def _among(answers: Answers, kept: Collection[str]) -> Answers:
    return answers.model_copy(update={"variants": tuple(each for each in answers.variants if each.key in kept)})
