"""Which variant to ship: the fastest whose loss of accuracy is shown to be small, whatever network it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.compare.answers import Interval, SpeedUp, Variant, Verdict
from harness.compare.answers.choice import TOLERATED_LOSS, Choice, PassedOver, lowest
from harness.compare.frontier import eligible
from harness.compare.pooling import difference
from harness.compare.speed import combined
from harness.compare.timings import Timings


@dataclass(frozen=True)
class Evidence:
    """What variants are compared by: the right and wrong answers of each one's counted seeds, and all timings."""

    variants: Sequence[Variant]
    corrects: Mapping[str, Sequence[str]]
    timings: Timings
    batch_sizes: Sequence[int]

    @cached_property
    def longer(self) -> Mapping[tuple[str, int], Variant]:
        """The originals that were trained on and judged, by network and epochs."""
        found = [each for each in self.variants if each.trained_on and each.accuracy is not None]
        return {(each.network, each.longer_epochs): each for each in reversed(found)}


def choices_of(evidence: Evidence) -> tuple[Choice, ...]:
    """One for each arena and batch size in which something stands beside an original. Each pair is judged on its own.

    Of one network the speed-ups are those of its variants, which were corrected together.
    """
    return tuple(
        found
        for arena in dict.fromkeys(variant.arena for variant in evidence.variants)
        for batch in evidence.batch_sizes
        if (found := _choice([each for each in evidence.variants if each.arena == arena], batch, evidence)) is not None
    )


def _choice(variants: Sequence[Variant], batch: int, evidence: Evidence) -> Choice | None:
    standing = [variant for variant in variants if eligible(variant, batch)]
    able = [variant for variant in standing if not variant.baseline]
    reference = next((variant for variant in able if variant.original), None)
    others = [variant for variant in able if variant is not reference]
    if reference is None or not others:
        return None
    found = list(_faster(others, reference, batch, evidence))
    safe = [each for each in found if each.safe]
    none = Choice(arena=reference.arena, batch=batch, reference=reference.key, variant=None)
    best = max(
        safe or found,
        key=lambda each: (each.speedups[batch].value if each.safe else each.lowest, each.change.value),  # type: ignore[union-attr]
        default=none,
    )
    passed = _passed_over(best, standing, found, evidence)
    return best.model_copy(update={"faster": len(found), "others": len(others), "passed_over": tuple(passed)})


def _passed_over(
    best: Choice, standing: Sequence[Variant], found: Sequence[Choice], evidence: Evidence
) -> Iterator[PassedOver]:
    """What stands left of the choice in a chart of latencies, but for the reference, from the left on."""
    latencies = {variant.key: variant.latencies[best.batch].typical_us for variant in standing}
    if best.variant is None:
        return
    reference = next(variant for variant in standing if variant.key == best.reference)
    judged = {each.variant: {"change": each.change, "equal_change": each.equal_change} for each in found}
    for variant in sorted(standing, key=lambda each: latencies[each.key]):
        key = variant.key
        if latencies[key] < latencies[best.variant] and variant is not reference:
            changes = judged[key] if key in judged else _changes(variant, reference, evidence)
            yield PassedOver(variant=key, faster=key in judged, **changes)


def _faster(others: Sequence[Variant], reference: Variant, batch: int, evidence: Evidence) -> Iterator[Choice]:
    """What was shown to be faster than the reference, as the choice that it would be."""
    for variant in others:
        speedups = _speedups(variant, reference, evidence)
        if batch not in speedups or speedups[batch].verdict is not Verdict.FASTER:
            continue
        changes = _changes(variant, reference, evidence)
        yield Choice(
            arena=reference.arena,
            batch=batch,
            reference=reference.key,
            variant=variant.key,
            safe=lowest(*changes.values()) > -TOLERATED_LOSS,
            speedups=speedups,
            **changes,
        )


def _changes(variant: Variant, reference: Variant, evidence: Evidence) -> dict[str, Interval | None]:
    """The two changes of `Judged`."""
    longer = _trained_on(variant, reference, evidence)
    return {
        "change": _change(variant, reference, evidence),
        "equal_change": None if longer is None else _change(variant, longer, evidence),
    }


def _trained_on(variant: Variant, reference: Variant, evidence: Evidence) -> Variant | None:
    """The reference, trained on for as long as a pruned variant was fine-tuned."""
    epochs = variant.prune.finetune_epochs if variant.prune is not None else variant.longer_epochs
    return evidence.longer.get((reference.network, epochs))


def _change(ours: Variant, theirs: Variant, evidence: Evidence) -> Interval:
    a, b = evidence.corrects[ours.key], evidence.corrects[theirs.key]
    return difference(a, b, paired_seeds=ours.network == theirs.network and len(a) == len(b))


def _speedups(ours: Variant, theirs: Variant, evidence: Evidence) -> dict[int, SpeedUp]:
    """Ours over theirs at each batch size, as far as known."""
    if ours.network == theirs.network and ours.derived:
        return dict(ours.speedups)
    found = {
        batch: combined(
            evidence.timings.speedup(before, after, batch)
            for before in theirs.architectures
            for after in ours.architectures
        )
        for batch in evidence.batch_sizes
    }
    return {batch: speedup for batch, speedup in found.items() if speedup is not None}
