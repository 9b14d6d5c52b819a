"""What the measurement says of each variant. Variants of one ONNX graph share their latency."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from harness.compare.answers import Control, Latency, SpeedUp, Variant, Verdict
from harness.comparison import Comparison
from harness.measurement import MeasuredRow, Measurement
from harness.results import Results
from harness.spec import Mode


class Timings:
    """A measurement in one mode, looked up by ONNX graph digest and batch size."""

    def __init__(self, measurement: Measurement, architectures: Mapping[str, str], mode: Mode) -> None:
        """`architectures` maps an ONNX file's SHA-256 to its graph's digest."""
        self.measurement, self.mode = measurement, mode
        self.index: dict[str, int] = {}
        for number, model in enumerate(measurement.models):
            if model.sha256 in architectures:
                self.index.setdefault(architectures[model.sha256], number)
        self._compare = cache(self._compare_once)

    def row(self, architecture: str | None, batch: int) -> MeasuredRow | None:
        """The row of a graph, failed or not; None if it was never measured."""
        number = self.index.get(architecture) if architecture else None
        if number is None or self.mode not in self.measurement.spec.modes:
            return None
        return self.measurement.row(number, batch, self.mode)

    def latency(self, architecture: str, batch: int) -> Latency | None:
        """A graph's latency by way of the reference, the first graph that was measured at this batch size."""
        reference = next((name for name in self.index if self._timed(name, batch)), None)
        row = self.row(reference, batch)
        if row is None or row.median_us is None:
            return None
        if reference is None or reference == architecture:
            return Latency(typical_us=row.median_us, low_us=None, high_us=None)
        ratio = self.speedup(reference, architecture, batch)
        if ratio is None:
            return None
        return Latency(
            typical_us=row.median_us / ratio.value,
            low_us=row.median_us / ratio.high if ratio.high is not None else None,
            high_us=row.median_us / ratio.low if ratio.low is not None else None,
        )

    def speedup(self, baseline: str, candidate: str, batch: int) -> SpeedUp | None:
        """One pair judged on its own; one and the same graph has nothing to compare."""
        if baseline == candidate:
            return SpeedUp(value=1.0, low=1.0, high=1.0, verdict=Verdict.SAME_GRAPH)
        return self._compare(baseline, candidate, batch)

    def comparisons(self, pairs: Sequence[tuple[str, str]]) -> tuple[Comparison, ...]:
        """All (baseline, candidate) pairs that were measured, at every batch size and mode, corrected together."""
        numbers = [(self.index[a], self.index[b]) for a, b in pairs if a in self.index and b in self.index]
        return self.measurement.compare_all(numbers)

    def speedups(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str, int], SpeedUp]:
        """The same in this mode, by baseline, candidate and batch size."""
        graphs = {number: graph for graph, number in self.index.items()}
        found = {}
        for comparison in self.comparisons(pairs):
            speedup = _speedup(comparison)
            if speedup is not None and comparison.mode == self.mode:
                found[graphs[comparison.baseline], graphs[comparison.candidate], comparison.batch] = speedup
        return found

    def controls(self) -> tuple[Control, ...]:
        """What the copy of one network came out as."""
        judged = [(comparison.batch, _speedup(comparison)) for comparison in self._control_comparisons()]
        return tuple(Control(batch=batch, speedup=speedup) for batch, speedup in judged if speedup is not None)

    def _control_comparisons(self) -> Iterable[Comparison]:
        return (found for found in self.measurement.compare_control() if found.mode == self.mode)

    def _timed(self, architecture: str, batch: int) -> bool:
        row = self.row(architecture, batch)
        return row is not None and row.error is None and bool(row.launches)

    def _compare_once(self, baseline: str, candidate: str, batch: int) -> SpeedUp | None:
        if not (self._timed(baseline, batch) and self._timed(candidate, batch)):
            return None
        return _speedup(self.measurement.compare(self.index[baseline], self.index[candidate], batch, self.mode))


def timings_of(results: Results, mode: Mode) -> Timings | None:
    """The measurement of a run; None where nothing was measured."""
    if results.measurement is None:
        return None
    architectures = {row.export.sha256: row.export.architecture for row in results.rows if row.export is not None}
    return Timings(results.measurement, architectures, mode)


def _speedup(comparison: Comparison) -> SpeedUp | None:
    if comparison.speedup is None:
        return None
    return SpeedUp(
        value=comparison.speedup,
        low=comparison.ci_low,
        high=comparison.ci_high,
        verdict=Verdict(comparison.verdict),
    )


def with_speed(variants: Sequence[Variant], timings: Timings, batch_sizes: Sequence[int]) -> tuple[Variant, ...]:
    """The variants with their latencies, and their speed-ups against their own originals, corrected together."""
    pairs = {variant.key: graph_pairs(variant, variants) for variant in variants if not variant.original}
    judged = timings.speedups(different_pairs(variants))
    timed: list[Variant] = []
    originals = {variant.network: variant for variant in variants if variant.original}
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
        known = {
            "latencies": {batch: latency for batch, latency in latencies.items() if latency is not None},
            "speedups": {batch: speedup for batch, speedup in speedups.items() if speedup is not None},
        }
        timed.append(variant.model_copy(update=known))
    return tuple(timed)


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


def _same(pair: tuple[str, str], timings: Timings, batch: int) -> SpeedUp | None:
    return timings.speedup(*pair, batch) if pair[0] == pair[1] else None


def different_pairs(variants: Sequence[Variant]) -> list[tuple[str, str]]:
    """The distinct (original, pruned) graphs of all variants, without those where nothing was removed."""
    pairs = [pair for variant in variants if not variant.original for pair in graph_pairs(variant, variants)]
    return [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]


def graph_pairs(variant: Variant, variants: Iterable[Variant]) -> tuple[tuple[str, str], ...]:
    """The distinct (original, own) graphs of a variant, seed by seed."""
    before = {
        seed.seed: seed.architecture
        for original in variants
        if original.original and original.network == variant.network
        for seed in original.seeds
    }
    pairs = dict.fromkeys((before.get(seed.seed), seed.architecture) for seed in variant.seeds)
    return tuple((baseline, own) for baseline, own in pairs if baseline is not None and own is not None)


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
