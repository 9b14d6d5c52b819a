"""From results to answers: what pruning cost in accuracy, what it bought in speed, and which variants are worth having.

Pure: it reads records, and needs no model, no Keras and no onnxruntime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from harness.compare.answers.variant import (
    Answers,
    Variant,
)
from harness.compare.contrasts import contrasts_of
from harness.compare.frontier import Evidence, Judge, Point, eligible, places, point_of, sign
from harness.compare.learning import learning_of
from harness.compare.pooling import difference
from harness.compare.results import Results
from harness.compare.timings import Timings, different_pairs, speed_sign, timings_of, with_speed
from harness.compare.variants import variants_of
from harness.measure.verdict import Comparison
from harness.spec import Mode


@dataclass(frozen=True)
class Compared:
    """A run's answers, and for each of its measurements the comparisons they rest on.

    These are every pruned graph against its own original, at every batch size and in every mode, corrected together.
    """

    answers: Answers
    asked: tuple[tuple[Comparison, ...], ...]


def compare(results: Results, mode: Mode | None = None) -> Answers:
    """All that follows from a run's results; latencies in `mode`, by default the first that was measured."""
    return compared(results, mode).answers


def compared(results: Results, mode: Mode | None = None) -> Compared:
    """The same, with the comparisons."""
    mode = mode or results.spec.modes[0]
    batch_sizes = results.spec.batch_sizes
    variants = variants_of(results)
    failures = {row.name: row.error for row in results.rows if row.error}
    timings = timings_of(results, mode)
    corrects = counted_corrects(results, variants)
    if timings is not None:
        variants = with_speed(variants, timings, batch_sizes)
        accuracy = accuracy_sign(corrects, variants)
        for batch in batch_sizes:
            variants = with_places(variants, accuracy, timings, batch)
        failures.update(unmeasured(variants, timings, batch_sizes))
    answers = Answers(
        study=results.study,
        question=results.question,
        mode=mode,
        batch_sizes=batch_sizes,
        margin=results.spec.margin,
        variants=variants,
        contrasts=contrasts_of(variants, corrects, timings, batch_sizes),
        controls=timings.controls() if timings is not None else (),
        failures=failures,
        learning=learning_of(results.rows),
    )
    return Compared(answers, timings.asked(different_pairs(variants)) if timings is not None else ())


def unmeasured(variants: Sequence[Variant], timings: Timings, batch_sizes: Sequence[int]) -> dict[str, str]:
    """The latencies that could not be measured, and why."""
    found = {}
    for variant in variants:
        for batch in batch_sizes:
            rows = [timings.row(architecture, batch) for architecture in variant.architectures]
            error = next((row.error for row in rows if row is not None and row.error), None)
            if error:
                found[f"latency of {variant.key}, batch {batch}"] = error
    return found


def counted_corrects(results: Results, variants: Sequence[Variant]) -> dict[str, list[str]]:
    """For each variant's key, the right and wrong answers of the seeds that count."""
    found: dict[str, list[str]] = {}
    by_key = {(variant.network, variant.label): variant for variant in variants}
    for row in results.rows:
        variant = by_key[row.case.network, row.variant]
        if row.accuracy and row.case.seed in variant.counted:
            found.setdefault(variant.key, []).append(row.accuracy.correct)
    return found


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
