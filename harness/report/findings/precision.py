"""What INT8 and FP16 cost and bring, alone and after pruning."""

from __future__ import annotations

from harness.compare import Answers, SpeedUp, Variant, Verdict
from harness.report import format as fmt
from harness.report.findings.common import MANY, Finding, first_few
from harness.report.findings.cost import cost
from harness.report.names import Names


def other_precisions(answers: Answers, names: Names) -> Finding | None:
    """Each quantized variant: its change in accuracy, and its speed over the original and over itself in float32."""
    found = [each for each in answers.quantized if each.learned is not False and each.accuracy]
    if not found:
        return None
    slower = [each for each in found if _has(each, Verdict.SLOWER)]
    faster = [each for each in found if _has(each, Verdict.FASTER) and each not in slower]
    told = [f"{fmt.plural(len(faster), 'variant')} of {len(found)} gained speed by it"]
    if slower:
        told.append(f"{len(slower)} became slower than in float32")
    text = (
        f"{'; '.join(told)}. A line each: change in accuracy against the own original, speed-up over that original, "
        "and over the same network in float32."
    )
    ordered = sorted(found, key=lambda each: each not in slower)
    return Finding(
        "What INT8 and FP16 cost and bring",
        text,
        tuple(first_few([_line(each, names) for each in ordered], 2 * MANY, "variants")),
    )


def _has(variant: Variant, verdict: Verdict) -> bool:
    return any(gain.verdict is verdict for gain in variant.precision_gains.values())


def _line(variant: Variant, names: Names) -> str:
    parts = [cost(variant)]
    for batch, gain in variant.precision_gains.items():
        whole = variant.speedups.get(batch)
        over = "" if whole is None else f"{fmt.times(whole.value)} the original, "
        parts.append(f"batch {batch}: {over}{_told(gain)} itself in float32")
    return f"{names.full(variant)}: {'; '.join(parts)}."


def _told(gain: SpeedUp) -> str:
    if gain.verdict is Verdict.SAME_GRAPH:
        return "the same graph as"
    return f"{fmt.times(gain.value)} ({fmt.times_range(gain)}, {gain.verdict.value})"
