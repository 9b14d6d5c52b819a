"""What was asked of the speed, and what widths by measured latency came to."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.findings.common import MANY, Finding, first_few
from harness.report.names import Names, widths_told


def latency_chosen(answers: Answers, names: Names) -> Finding | None:
    """The widths of each target, and how fast they are; for targets that were not reached, why."""
    asked = [each for each in answers.pruned if each.prune and each.prune.by_latency and not each.prune.baseline]
    if not asked:
        return None
    items = [f"{names.full(variant)}: {_came_to(variant, answers.batch_sizes)}." for variant in asked]
    text = (
        "Channels kept by layer, chosen by latencies measured here, and the speed-up over the original as measured "
        "in the end, beside all others."
    )
    return Finding("Widths chosen by latency", text, tuple(first_few(items, MANY, "such variants in the table")))


def _came_to(variant: Variant, batch_sizes: Sequence[int]) -> str:
    if not variant.finished:
        reasons = dict.fromkeys(seed.error for seed in variant.seeds if seed.error)
        return fmt.listed(list(reasons)) or "failed"
    found = [(batch, variant.speedups[batch]) for batch in batch_sizes if batch in variant.speedups]
    told = [f"{fmt.times(each.value)} ({fmt.times_range(each)}) at batch {batch}" for batch, each in found]
    widths = widths_told(variant) or "widths that differ between seeds"
    return f"{widths}; {fmt.listed(told) if told else 'not timed'}"
