"""What the measurement says of each variant. Variants of one ONNX graph share their latency."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from harness.compare.answers import Latency, SpeedUp, Variant, Verdict
from harness.compare.timings import Graphs, Timings


def with_speed(variants: Sequence[Variant], timings: Timings, batch_sizes: Sequence[int]) -> tuple[Variant, ...]:
    """The variants with their latencies, and their speed-ups against their own originals, corrected together."""
    pairs = graph_pairs(variants)
    judged = timings.speedups(different_pairs(variants))
    originals = {variant.network: variant for variant in variants if variant.original}
    by_label = {(variant.network, variant.label): variant for variant in variants}
    groups = groups_of(variants, timings)
    timed: list[Variant] = []
    for variant in variants:
        speedups = {
            batch: combined([judged.get((*pair, batch)) or _same(pair, timings, batch) for pair in pairs[variant.key]])
            for batch in batch_sizes
            if variant.key in pairs
        }
        original = originals.get(variant.network)
        latencies = {
            batch: anchored(
                latency_of(variant, timings, batch),
                latency_of(original, timings, batch) if original else None,
                speedups.get(batch),
            )
            for batch in batch_sizes
        }
        in_float32 = by_label.get((variant.network, variant.in_float32 or ""))
        known = {
            "arena": arena_of(variant, groups[variant.task], timings),
            "latencies": {batch: latency for batch, latency in latencies.items() if latency is not None},
            "speedups": {batch: speedup for batch, speedup in speedups.items() if speedup is not None},
            "precision_gains": precision_gains(variant, in_float32, timings, batch_sizes),
        }
        timed.append(variant.model_copy(update=known))
    return tuple(timed)


def precision_gains(
    variant: Variant, base: Variant | None, timings: Timings, batch_sizes: Sequence[int]
) -> dict[int, SpeedUp]:
    """How many times as fast as itself in float32, `base`, a quantized variant is, by batch size; each on its own."""
    if base is None:
        return {}
    before = {seed.seed: seed.architecture for seed in base.seeds}
    pairs = dict.fromkeys((before.get(seed.seed), seed.architecture) for seed in variant.seeds)
    known = [(first, second) for first, second in pairs if first is not None and second is not None]
    found = {batch: combined(timings.speedup(*pair, batch) for pair in known) for batch in batch_sizes}
    return {batch: speedup for batch, speedup in found.items() if speedup is not None}


def anchored(latency: Latency | None, original: Latency | None, speedup: SpeedUp | None) -> Latency | None:
    """A pruned variant's latency, moved to where its speed-up puts it beside its original's."""
    if latency is None or original is None or speedup is None:
        return latency
    factor = original.typical_us / speedup.value / latency.typical_us
    return Latency(
        typical_us=latency.typical_us * factor,
        low_us=None if latency.low_us is None else latency.low_us * factor,
        high_us=None if latency.high_us is None else latency.high_us * factor,
    )


def _same(pair: Graphs, timings: Timings, batch: int) -> SpeedUp | None:
    return timings.speedup(*pair, batch) if pair[0] == pair[1] else None


def groups_of(variants: Iterable[Variant], timings: Timings) -> dict[str, set[int | None]]:
    """The numbers of the measurements that the graphs of each task are in."""
    found: dict[str, set[int | None]] = {}
    for variant in variants:
        found.setdefault(variant.task, set()).update(timings.group(graph) for graph in variant.architectures)
    return found


def arena_of(variant: Variant, groups: Iterable[int | None], timings: Timings) -> str:
    """The variants it can stand beside: those of its task, and of its measurement where the task has several."""
    own = {timings.group(graph) for graph in variant.architectures}
    number = next(iter(own)) if len(own) == 1 else None
    several = len(set(groups)) > 1
    return variant.task if not several or number is None else f"{variant.task}, inputs {timings.inputs(number)}"


def different_pairs(variants: Sequence[Variant]) -> list[Graphs]:
    """The distinct (original, pruned) graphs of all variants, without those where nothing was removed."""
    pairs = [pair for own in graph_pairs(variants).values() for pair in own]
    return [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]


def graph_pairs(variants: Iterable[Variant]) -> Mapping[str, tuple[Graphs, ...]]:
    """The distinct (original, own) graphs of each variant that was made from an original, seed by seed, by its key."""
    before = {
        (original.network, seed.seed): seed.architecture
        for original in variants
        if original.original
        for seed in original.seeds
    }
    return {variant.key: tuple(_pairs(variant, before)) for variant in variants if variant.derived}


def _pairs(variant: Variant, before: Mapping[tuple[str, int], str | None]) -> Iterable[Graphs]:
    pairs = dict.fromkeys((before.get((variant.network, seed.seed)), seed.architecture) for seed in variant.seeds)
    return [(baseline, own) for baseline, own in pairs if baseline is not None and own is not None]


def latency_of(variant: Variant, timings: Timings, batch: int) -> Latency | None:
    """A variant's latency; over several graphs the mean of theirs, within the reach of all."""
    found = [timings.latency(architecture, batch) for architecture in variant.architectures]
    known = [latency for latency in found if latency is not None]
    if len(known) < 2:
        return known[0] if known else None
    return Latency(
        typical_us=sum(latency.typical_us for latency in known) / len(known),
        low_us=min(latency.low_us or latency.typical_us for latency in known),
        high_us=max(latency.high_us or latency.typical_us for latency in known),
    )


def combined(found: Iterable[SpeedUp | None]) -> SpeedUp | None:
    """Several graphs of one variant: the geometric mean, within the reach of all, and their verdict if they agree."""
    known = [speedup for speedup in found if speedup is not None]
    if len(known) < 2:
        return known[0] if known else None
    verdicts = {speedup.verdict for speedup in known}
    lows = [speedup.low for speedup in known if speedup.low is not None]
    highs = [speedup.high for speedup in known if speedup.high is not None]
    return SpeedUp(
        value=math.exp(sum(math.log(speedup.value) for speedup in known) / len(known)),
        low=min(lows) if len(lows) == len(known) else None,
        high=max(highs) if len(highs) == len(known) else None,
        verdict=verdicts.pop() if len(verdicts) == 1 else Verdict.INCONCLUSIVE,
    )


def speed_sign(ours: Variant, theirs: Variant, timings: Timings, batch: int) -> int:
    """+1 when every graph of ours is faster than every one of theirs, -1 when slower, 0 when neither or unclear."""
    judged = [
        timings.speedup(theirs_graph, ours_graph, batch)
        for theirs_graph in theirs.architectures
        for ours_graph in ours.architectures
    ]
    verdicts = {speedup.verdict if speedup else Verdict.INCONCLUSIVE for speedup in judged}
    return int(verdicts == {Verdict.FASTER}) - int(verdicts == {Verdict.SLOWER})
