"""Which variants are worth having, and which pruned ones are no faster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.compare import Answers, SpeedUp, Standing, Variant, Verdict
from harness.report import format as fmt
from harness.report.findings.common import FEW, Finding, with_speedup, without_speedup
from harness.report.names import Names


def on_the_frontier(answers: Answers, names: Names) -> Finding | None:
    """Which variants none other beats, at each batch size; nothing where there is but one."""
    items = []
    for batch in answers.batch_sizes:
        for arena in answers.arenas:
            found = answers.frontier(arena, batch)
            if found and len(answers.variants) > 1:
                where = f"Batch {batch}" + (f", {arena}" if len(answers.arenas) > 1 else "")
                close = answers.standing_at(arena, batch, Standing.CLOSE)
                items.append(f"{where}: {_frontier_line(found, close, batch, names)}.")
    if not items:
        return None
    text = (
        "As measured, no other variant is both faster and more accurate than these, fastest first. Narrowly: another "
        "is clearly better in one of the two, and not clearly worse in the other. Close behind: beaten, but by nothing "
        "that is clearly better in either."
    )
    return Finding("Speed/accuracy frontier", text, tuple(items))


def _frontier_line(found: Sequence[Variant], close: Sequence[Variant], batch: int, names: Names) -> str:
    """Those that stand clearly, and, as far as they are few, those that do so narrowly or are close behind."""
    clear = [variant for variant in found if variant.places[batch].standing is Standing.ON]
    narrow = [variant for variant in found if variant.places[batch].standing is Standing.NARROWLY]
    parts = [_stand(variant, batch, names) for variant in clear]
    if len(narrow) <= FEW:
        parts += [f"narrowly {_stand(variant, batch, names)}" for variant in narrow]
    else:
        parts.append(f"narrowly {len(narrow)} more, up to {_stand(narrow[-1], batch, names)}")
    if 0 < len(close) <= FEW:
        parts += [f"close behind {_stand(variant, batch, names)}" for variant in close]
    elif close:
        parts.append(f"close behind {len(close)} more")
    return "; ".join(parts)


def _stand(variant: Variant, batch: int, names: Names) -> str:
    assert variant.accuracy is not None
    latency = fmt.duration(variant.latencies[batch].typical_us)
    return f"{names.full(variant)} ({fmt.percent(variant.accuracy.value)}, {latency})"


def not_faster(answers: Answers, names: Names) -> Finding | None:
    """The pruned variants that are slower than their original, or no faster in a way that matters."""
    items = []
    speedups = {batch: with_speedup(answers, batch) for batch in answers.batch_sizes}
    told = {
        Verdict.SLOWER: "slower than the original",
        Verdict.EQUIVALENT: f"no difference beyond ±{100 * answers.margin:g} %",
        Verdict.SAME_GRAPH: "nothing was removed",
    }
    for batch, pairs in speedups.items():
        for verdict, words in told.items():
            found = [(variant, speedup) for variant, speedup in pairs if speedup.verdict is verdict]
            if found:
                items.append(f"Batch {batch}, {words}: {'; '.join(_by_amount(found, names))}.")
    judged = [speedup.verdict for pairs in speedups.values() for _, speedup in pairs]
    unknown = [f"{batch}" for batch in answers.batch_sizes if without_speedup(answers, batch)]
    if not judged:
        return None
    if items:
        return Finding("Pruned but not faster", "Fewer channels, and nothing gained in latency.", tuple(items))
    if Verdict.INCONCLUSIVE in judged:
        left_open = f"{judged.count(Verdict.INCONCLUSIVE)} of {len(judged)} comparisons are inconclusive"
        return Finding("Pruned but not faster", f"None was shown to be, but {left_open}.")
    if unknown:
        return Finding(
            "Pruned but not faster", f"None was shown to be; batch {fmt.listed(unknown)} was not timed for all."
        )
    missing = sum(1 for each in answers.pruned if not each.finished)
    every = f"every pruned variant that was made ({missing} failed)" if missing else "every pruned variant"
    return Finding("Pruned but not faster", f"None: {every} is faster than its original.")


def _by_amount(found: Sequence[tuple[Variant, SpeedUp]], names: Names) -> Iterator[str]:
    """Networks pruned by the same amount told together: `25 % off lenet same (0.82×) and lenet valid (0.84×)`."""
    amounts: dict[str, list[tuple[Variant, SpeedUp]]] = {}
    for variant, speedup in found:
        amounts.setdefault(names.label(variant), []).append((variant, speedup))
    for label, pairs in amounts.items():
        values = [speedup.value for _, speedup in pairs]
        prune = pairs[0][0].prune
        lead = f"{label} of" if prune is not None and prune.by_latency else f"{label} off"
        if len(pairs) > FEW:
            yield f"{lead} {len(pairs)} networks ({fmt.times(min(values))} to {fmt.times(max(values))})"
        else:
            told = [f"{names.network(variant)} ({fmt.times(speedup.value)})" for variant, speedup in pairs]
            yield f"{lead} {fmt.listed(told)}"
