"""What a factor of the study does to the unpruned networks, everything else being equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.compare.answers import Contrast, Interval, SpeedUp, Variant
from harness.compare.pooling import difference
from harness.compare.timings import Timings
from harness.spec import short


def contrasts_of(
    variants: Sequence[Variant],
    corrects: Mapping[str, Sequence[str]],
    timings: Timings | None,
    batch_sizes: Sequence[int],
) -> tuple[Contrast, ...]:
    """Each value of each factor against the factor's first value, for networks that differ in nothing else.

    `corrects` maps a variant's key to the right and wrong answers of its counted seeds. Networks that did not learn
    are left out; accuracies are compared on the same task only. Each pair is judged on its own.
    """
    originals = [
        variant for variant in variants if variant.original and variant.accuracy and variant.learned is not False
    ]
    found = []
    for key, base, other in _pairs(originals):
        found.append(
            Contrast(
                model=base.model,
                factor=key,
                base=short(base.factors[key]),
                value=short(other.factors[key]),
                same={name: short(value) for name, value in base.factors.items() if name != key},
                change=_change(other, base, corrects),
                speedups=_speedups(other, base, timings, batch_sizes),
            )
        )
    return tuple(found)


def _pairs(originals: Sequence[Variant]) -> Iterator[tuple[str, Variant, Variant]]:
    """(factor, network with its first value, network with another), factor by factor."""
    keys = dict.fromkeys((variant.model, key) for variant in originals for key in variant.factors)
    for model, key in keys:
        groups: dict[str, list[Variant]] = {}
        for variant in originals:
            if variant.model == model and key in variant.factors:
                rest = {name: short(value) for name, value in variant.factors.items() if name != key}
                groups.setdefault(str(rest), []).append(variant)
        for base, *others in groups.values():
            yield from ((key, base, other) for other in others)


def _change(ours: Variant, theirs: Variant, corrects: Mapping[str, Sequence[str]]) -> Interval | None:
    if ours.task != theirs.task:
        return None
    return difference(corrects[ours.key], corrects[theirs.key], paired_seeds=False)


def _speedups(
    ours: Variant, theirs: Variant, timings: Timings | None, batch_sizes: Sequence[int]
) -> dict[int, SpeedUp]:
    if timings is None or len(ours.architectures) != 1 or len(theirs.architectures) != 1:
        return {}
    found = {batch: timings.speedup(theirs.architectures[0], ours.architectures[0], batch) for batch in batch_sizes}
    return {batch: speedup for batch, speedup in found.items() if speedup is not None}
