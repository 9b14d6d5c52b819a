"""Every variant's standing among those that it was measured with and that answer the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from harness.compare.answers import Variant
from harness.compare.frontier import Evidence, Judge, Point, eligible, places, point_of, sign
from harness.compare.pooling import difference
from harness.compare.speed import speed_sign
from harness.compare.timings import Timings


def accuracy_sign(corrects: Mapping[str, Sequence[str]], variants: Sequence[Variant]) -> Judge:
    """Whether the first of two points is clearly more (+1) or less (-1) accurate; each pair is computed once."""
    networks = {variant.key: variant.network for variant in variants}

    @cache
    def judged(ours: str, theirs: str) -> int:
        a, b = corrects[ours], corrects[theirs]
        return sign(difference(a, b, paired_seeds=networks[ours] == networks[theirs] and len(a) == len(b)))

    return lambda ours, theirs: judged(ours.key, theirs.key)


def with_places(variants: Sequence[Variant], accuracy: Judge, timings: Timings, batch: int) -> tuple[Variant, ...]:
    """The variants with their standing at one batch size, arena by arena."""
    by_key = {variant.key: variant for variant in variants}
    evidence = Evidence(
        speed=lambda ours, theirs: speed_sign(by_key[ours.key], by_key[theirs.key], timings, batch),
        accuracy=accuracy,
    )
    found = {}
    for arena in dict.fromkeys(variant.arena for variant in variants):
        points: list[Point] = [
            point_of(variant, batch) for variant in variants if variant.arena == arena and eligible(variant, batch)
        ]
        found.update(places(points, evidence))
    return tuple(
        variant.model_copy(update={"places": {**variant.places, batch: found[variant.key]}})
        if variant.key in found
        else variant
        for variant in variants
    )
