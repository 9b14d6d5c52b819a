"""What the measurement says of each variant. Variants of one ONNX graph share their latency."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from harness.compare.answers.variant import Control, Latency, SpeedUp, Variant, Verdict
from harness.compare.results import Results
from harness.measure.measurement import Fed, MeasuredRow, Measurement
from harness.measure.verdict import Comparison, judge
from harness.spec import Mode

# The digests of a baseline and a candidate.
Graphs = tuple[str, str]


class Timings:
    """A run's measurements in one mode, looked up by ONNX graph digest and batch size.

    Only graphs of one measurement can be compared: others were fed other inputs, in other processes.
    """

    def __init__(self, measurements: Sequence[Measurement], architectures: Mapping[str, str], mode: Mode) -> None:
        """`architectures` maps an ONNX file's SHA-256 to its graph's digest."""
        self.measurements, self.mode = measurements, mode
        self.index: dict[str, tuple[int, int]] = {}  # measurement, and the model in it
        for number, measurement in enumerate(measurements):
            for position, model in enumerate(measurement.models):
                if model.sha256 in architectures:
                    self.index.setdefault(architectures[model.sha256], (number, position))
        self._compare = cache(self._compare_once)
        self._judge = cache(self._judge_once)

    def row(self, architecture: str | None, batch: int, mode: Mode | None = None) -> MeasuredRow | None:
        """The row of a graph, failed or not; None if it was never measured."""
        if architecture not in self.index:
            return None
        number, position = self.index[architecture]
        measurement, mode = self.measurements[number], mode or self.mode
        return measurement.row(position, batch, mode) if mode in measurement.spec.modes else None

    def group(self, architecture: str) -> int | None:
        """The number of the measurement that a graph is in."""
        return self.index[architecture][0] if architecture in self.index else None

    def inputs(self, number: int) -> str:
        """What the graphs of a measurement were fed, such as `28×28×1`."""
        return ", ".join(_told(one) for one in self.measurements[number].inputs)

    def latency(self, architecture: str, batch: int) -> Latency | None:
        """A graph's latency by way of the reference, the first graph of its measurement timed at this batch size."""
        peers = (name for name in self.index if self.group(name) == self.group(architecture))
        reference = next((name for name in peers if self._timed(name, batch)), None)
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

    def comparisons(self, pairs: Sequence[Graphs]) -> tuple[tuple[Graphs, Comparison], ...]:
        """All (baseline, candidate) pairs of one measurement, at every batch size and mode, corrected together."""
        return self._judge(tuple(pairs))

    def asked(self, pairs: Sequence[Graphs]) -> tuple[tuple[Comparison, ...], ...]:
        """The same for each measurement."""
        found = [(self.group(baseline), comparison) for (baseline, _), comparison in self.comparisons(pairs)]
        numbers = range(len(self.measurements))
        return tuple(tuple(comparison for group, comparison in found if group == number) for number in numbers)

    def speedups(self, pairs: Sequence[Graphs]) -> dict[tuple[str, str, int], SpeedUp]:
        """The same in this mode, by baseline, candidate and batch size."""
        found = {}
        for graphs, comparison in self.comparisons(pairs):
            speedup = _speedup(comparison)
            if speedup is not None and comparison.mode == self.mode:
                found[*graphs, comparison.batch] = speedup
        return found

    def controls(self) -> tuple[Control, ...]:
        """What the copy of one network of each measurement came out as."""
        found = []
        for number, measurement in enumerate(self.measurements):
            inputs = self.inputs(number) if len(self.measurements) > 1 else ""
            judged = [(each.batch, _speedup(each)) for each in measurement.compare_control() if each.mode == self.mode]
            found += [Control(batch=batch, inputs=inputs, speedup=speedup) for batch, speedup in judged if speedup]
        return tuple(found)

    def _timed(self, architecture: str, batch: int) -> bool:
        row = self.row(architecture, batch)
        return row is not None and row.error is None and bool(row.launches)

    def _compare_once(self, baseline: str, candidate: str, batch: int) -> SpeedUp | None:
        if not (self._timed(baseline, batch) and self._timed(candidate, batch)):
            return None
        (number, before), (other, after) = self.index[baseline], self.index[candidate]
        return _speedup(self.measurements[number].compare(before, after, batch, self.mode)) if number == other else None

    def _judge_once(self, pairs: tuple[Graphs, ...]) -> tuple[tuple[Graphs, Comparison], ...]:
        spec = self.measurements[0].spec
        asked = [
            (pair, [self.row(graph, batch, mode) for graph in pair])
            for mode in spec.modes
            for batch in spec.batch_sizes
            for pair in pairs
            if self.group(pair[0]) == self.group(pair[1])
        ]
        known = [(pair, before, after) for pair, (before, after) in asked if before is not None and after is not None]
        judged = judge([(before, after) for _, before, after in known], spec.margin)
        return tuple((pair, comparison) for (pair, _, _), comparison in zip(known, judged, strict=True))


def timings_of(results: Results, mode: Mode) -> Timings | None:
    """The measurements of a run; None where nothing was measured."""
    if not results.measurements:
        return None
    architectures = {row.export.sha256: row.export.architecture for row in results.rows if row.export is not None}
    return Timings(results.measurements, architectures, mode)


def _told(fed: Fed) -> str:
    shape = "×".join(map(str, fed.shape)) or "one value"
    return shape if fed.dtype == "float32" else f"{shape} {fed.dtype}"


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
    pairs = {variant.key: graph_pairs(variant, variants) for variant in variants if variant.prune is not None}
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
            "arena": arena_of(variant, variants, timings),
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


def _same(pair: Graphs, timings: Timings, batch: int) -> SpeedUp | None:
    return timings.speedup(*pair, batch) if pair[0] == pair[1] else None


def arena_of(variant: Variant, variants: Sequence[Variant], timings: Timings) -> str:
    """The variants it can stand beside: those of its task, and of its measurement where the task has several."""
    task = {timings.group(graph) for each in variants if each.task == variant.task for graph in each.architectures}
    own = {timings.group(graph) for graph in variant.architectures}
    number = next(iter(own)) if len(own) == 1 else None
    return variant.task if len(task) < 2 or number is None else f"{variant.task}, inputs {timings.inputs(number)}"


def different_pairs(variants: Sequence[Variant]) -> list[Graphs]:
    """The distinct (original, pruned) graphs of all variants, without those where nothing was removed."""
    pairs = [pair for variant in variants if variant.prune is not None for pair in graph_pairs(variant, variants)]
    return [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]


def graph_pairs(variant: Variant, variants: Iterable[Variant]) -> tuple[Graphs, ...]:
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
