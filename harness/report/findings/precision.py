"""What INT8 and FP16 cost and bring, alone and after pruning."""

from __future__ import annotations

from harness.compare import Answers, SpeedUp, Variant, Verdict
from harness.records import Blame, SlowerLayer
from harness.report import format as fmt
from harness.report.findings.common import FEW, MANY, Finding, first_few
from harness.report.findings.cost import cost
from harness.report.names import Names


def other_precisions(answers: Answers, names: Names) -> Finding | None:
    """Each quantized variant: its change in accuracy, and its speed over the original and over itself in float32."""
    found = [each for each in answers.quantized if each.learned is not False and each.accuracy]
    if not found:
        return None
    slower = [each for each in found if _has(each, Verdict.SLOWER)]
    faster = [each for each in found if _has(each, Verdict.FASTER) and each not in slower]
    told = [f"{len(faster)} of {fmt.plural(len(found), 'variant')} gained speed by it"]
    if slower:
        told.append(f"{len(slower)} became slower than in float32")
    text = (
        f"{'; '.join(told)}. A line each: change in accuracy against the original, speed-up over it, "
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
        over = "" if whole is None or variant.prune is None else f"{fmt.times(whole.value)} the original, "
        parts.append(f"batch {batch}: {over}{_told(gain)} itself in float32")
    parts += [_blamed(each) for each in variant.blamed if _slower_at(variant, each.batch)]
    return f"{names.full(variant)}: {'; '.join(parts)}."


def _told(gain: SpeedUp) -> str:
    if gain.verdict is Verdict.SAME_GRAPH:
        return "the same graph as"
    return f"{fmt.times(gain.value)} ({fmt.times_range(gain)}, {gain.verdict.value})"


def _slower_at(variant: Variant, batch: int) -> bool:
    return batch in variant.precision_gains and variant.precision_gains[batch].verdict is Verdict.SLOWER


def _blamed(found: Blame) -> str:
    """The nodes that make it slower: kernels that take longer in INT8, and conversions."""
    told = [
        f"{each.node} takes {fmt.microseconds(each.int8_us)}{fmt.SPACE}µs instead of "
        f"{fmt.microseconds(each.float_us)}{_size(each, found.step)}"
        for each in found.slower[:FEW]
    ]
    if found.conversions:
        beside = f" beside {fmt.listed([f'{name} ({count})' for name, count in found.around.items()])}"
        told.append(
            f"{fmt.plural(found.conversions, 'conversion')}{beside * bool(found.around)} "
            f"take{'s' * (found.conversions == 1)} {fmt.microseconds(found.converting_us)} of "
            f"{fmt.microseconds(found.int8_us)}{fmt.SPACE}µs"
        )
    return f"to blame at batch {found.batch}, by the profiler: {', '.join(told) or 'no node alone'}"


def _size(layer: SlowerLayer, step: int) -> str:
    if layer.filters is None or layer.channels is None:
        return ""
    few = " below the device's step" if min(layer.filters, layer.channels) < step else ""
    return f" ({layer.filters} filters of {fmt.plural(layer.channels, 'channel')},{few})".replace(",)", ")")
