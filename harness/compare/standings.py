"""Every variant's standing among those that it was measured with and that answer the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.compare.answers import Place, Variant
from harness.compare.frontier import Evidence, eligible, places, point_of
from harness.compare.signs import Answered, Timed
from harness.compare.timings import Timings


def with_places(
    variants: Sequence[Variant], corrects: Mapping[str, Sequence[str]], timings: Timings, batch_sizes: Sequence[int]
) -> tuple[Variant, ...]:
    """The variants with their standing at each batch size, arena by arena; `corrects` are those of `difference`."""
    arenas: dict[str, list[Variant]] = {}
    for variant in variants:
        arenas.setdefault(variant.arena, []).append(variant)
    found: dict[str, dict[int, Place]] = {}
    for batch in batch_sizes:
        for arena in arenas.values():
            standing = [variant for variant in arena if eligible(variant, batch)]
            for key, place in _places(standing, corrects, timings, batch).items():
                found.setdefault(key, {})[batch] = place
    return tuple(variant.model_copy(update={"places": found.get(variant.key, {})}) for variant in variants)


def _places(
    standing: Sequence[Variant], corrects: Mapping[str, Sequence[str]], timings: Timings, batch: int
) -> dict[str, Place]:
    if not standing:
        return {}
    answered = Answered([corrects[each.key] for each in standing], [each.network for each in standing])
    evidence = Evidence(speed=Timed(standing, timings, batch).signs, accuracy=answered.signs)
    return places([point_of(variant, batch) for variant in standing], evidence)
