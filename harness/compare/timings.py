"""A run's measurements, looked up by graph and batch size: latencies, and how two graphs compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from harness.compare.answers import Control, Latency, SpeedUp, Verdict
from harness.compare.results import Results
from harness.measure.comparison import Comparison, judge
from harness.measure.measurement import Measurement
from harness.measure.model import Fed
from harness.measure.row import MeasuredRow
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
        self._rows = {
            (number, row.model, row.batch, row.mode): row
            for number, measurement in enumerate(measurements)
            for row in measurement.rows
        }
        self._compare = cache(self._compare_once)
        self._latency = cache(self._latency_once)
        self._reference = cache(self._reference_once)
        self._judge = cache(self._judge_once)

    def row(self, architecture: str | None, batch: int, mode: Mode | None = None) -> MeasuredRow | None:
        """The row of a graph, failed or not; None if it was never measured."""
        if architecture not in self.index:
            return None
        number, position = self.index[architecture]
        return self._rows.get((number, position, batch, mode or self.mode))

    def group(self, architecture: str) -> int | None:
        """The number of the measurement that a graph is in."""
        return self.index[architecture][0] if architecture in self.index else None

    def inputs(self, number: int) -> str:
        """What the graphs of a measurement were fed, such as `28×28×1`."""
        return ", ".join(_told(one) for one in self.measurements[number].inputs)

    def latency(self, architecture: str, batch: int) -> Latency | None:
        """A graph's latency by way of the reference, the first graph of its measurement timed at this batch size."""
        return self._latency(architecture, batch)

    def _reference_once(self, group: int | None, batch: int) -> str | None:
        peers = (name for name in self.index if self.group(name) == group)
        return next((name for name in peers if self._timed(name, batch)), None)

    def _latency_once(self, architecture: str, batch: int) -> Latency | None:
        reference = self._reference(self.group(architecture), batch)
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
