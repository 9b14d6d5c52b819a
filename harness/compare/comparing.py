"""A run's results to its answers: what the parts of this wing find, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.answers import Answers, Variant
from harness.compare.choices import Evidence, choices_of
from harness.compare.contrasts import contrasts_of
from harness.compare.learning import learning_of
from harness.compare.results import Results
from harness.compare.speed import different_pairs, with_speed
from harness.compare.standings import with_places
from harness.compare.timings import Timings, timings_of
from harness.compare.variants import variants_of
from harness.measure.comparison import Comparison
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
        variants = with_places(variants, corrects, timings, batch_sizes)
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
        choices=choices_of(Evidence(variants, corrects, timings, batch_sizes)) if timings is not None else (),
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
