"""What a measurement found: every raw sample, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from harness import stats
from harness.errors import MeasureError
from harness.records import Record
from harness.spec import MeasureSpec, Mode


class Launch(Record):
    """What one fresh process saw of one row. Times are in nanoseconds.

    `number` is the launch; `blocks_ns` holds the call times of each round, rounds being shared by all rows of a
    launch; `settled` says whether the warm-up reached calls that no longer get faster.
    """

    number: int
    first_ns: int
    warmup_ns: tuple[int, ...]
    settled: bool
    blocks_ns: tuple[tuple[int, ...], ...]

    @property
    def calls_ns(self) -> tuple[int, ...]:
        return tuple(call for block in self.blocks_ns for call in block)

    @cached_property
    def medians_ns(self) -> tuple[float, ...]:
        """Each block's median."""
        return tuple(stats.median(block) for block in self.blocks_ns)

    @property
    def usual_us(self) -> float:
        """The launch's latency: the median of its blocks' medians, in microseconds."""
        return stats.median(self.medians_ns) / 1000


class Placement(Record):
    """Where a model's nodes ran. `assigned` is the graph partitioning's record, `ran` the profile's.

    Each entry is (provider, node, operator); those of `ran` add the element types of the outputs.
    """

    assigned: tuple[tuple[str, str, str], ...]
    ran: tuple[tuple[str, str, str, tuple[str, ...]], ...]


class MeasuredModel(Record):
    """One ONNX file. `session_ns` are the times to create its session, one a launch.

    `parameters` counts floating-point and quantized weights; `macs` are multiply-accumulates for one example, None
    where an operator's can't be counted (`uncounted` names them). `runtime_bytes` is the memory of a process before
    it opened the model.
    """

    path: str
    sha256: str
    size_bytes: int
    parameters: int
    opset: int
    device: str
    placement: Placement | None
    runtime_bytes: int | None
    session_ns: tuple[int, ...]


class MeasuredRow(Record):
    """One model at one batch size in one mode. `error` says why it could not be measured."""

    model: int
    batch: int
    mode: Mode
    device: str
    peak_bytes: int | None
    error: str | None
    launches: tuple[Launch, ...]

    @property
    def median_us(self) -> float | None:
        """The median over launches of each launch's latency."""
        return stats.median([launch.usual_us for launch in self.launches]) if self.launches else None

    @property
    def throughput_per_s(self) -> float | None:
        """Examples a second, one batch after another."""
        return None if self.median_us is None else self.batch * 1e6 / self.median_us

    @cached_property
    def _by_number(self) -> Mapping[int, Launch]:
        return {launch.number: launch for launch in self.launches}

    def log_ratios(self, candidate: MeasuredRow) -> tuple[float, ...]:
        """The log speed-up of `candidate` over this row in each launch that measured both."""
        return tuple(
            stats.launch_log_ratio(launch.medians_ns, candidate._by_number[launch.number].medians_ns)
            for launch in self.launches
            if launch.number in candidate._by_number
        )


class Comparison(Record):
    """A candidate against a baseline. `speedup` above 1: the candidate is faster.

    `p_value` tests a speed-up of 1; `p_adjusted` is corrected for all comparisons made together. Without a launch
    that measured both, the verdict is `inconclusive` and the numbers are None. Bounds are None when unbounded.
    """

    baseline: int
    candidate: int
    batch: int
    mode: Mode
    speedup: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    p_adjusted: float | None
    launches: int
    verdict: stats.Verdict


class Measurement(Record):
    """One measurement of a group of models, all interleaved in the same processes.

    `models` are in the order they were given; `control` holds the rows of a copy of the model `control_of`,
    measured as if it were a candidate.
    """

    schema_version: Literal["harness-measurement/1"] = "harness-measurement/1"
    spec: MeasureSpec
    environment: Mapping[str, Any]
    models: tuple[MeasuredModel, ...]
    rows: tuple[MeasuredRow, ...]
    control: tuple[MeasuredRow, ...]
    control_of: int
    launches: int
    stopped: Literal["precision", "budget"]
    seconds: float

    def row(self, model: int, batch: int, mode: Mode = "end_to_end") -> MeasuredRow:
        """The row of a model, a batch size and a mode.

        Raises:
            MeasureError: it was not measured.
        """
        for row in self.rows:
            if (row.model, row.batch, row.mode) == (model, batch, mode):
                return row
        raise MeasureError(f"model {model} was not measured at batch {batch} in mode {mode}")

    def compare(self, baseline: int, candidate: int, batch: int, mode: Mode = "end_to_end") -> Comparison:
        """One comparison on its own; use `compare_all` for several, which are corrected together."""
        return self._judge([(self.row(baseline, batch, mode), self.row(candidate, batch, mode))])[0]

    def compare_all(self, pairs: Sequence[tuple[int, int]] | None = None) -> tuple[Comparison, ...]:
        """Compare (baseline, candidate) pairs at every batch size and mode, corrected together.

        Without pairs, every model is compared with the first.
        """
        if pairs is None:
            pairs = [(0, index) for index in range(1, len(self.models))]
        return self._judge(
            [
                (self.row(baseline, batch, mode), self.row(candidate, batch, mode))
                for mode in self.spec.modes
                for batch in self.spec.batch_sizes
                for baseline, candidate in pairs
            ]
        )

    def compare_control(self) -> tuple[Comparison, ...]:
        """The baseline's copy against the baseline: anything but `equivalent` or `inconclusive` is a false alarm."""
        return self._judge([(self.row(row.model, row.batch, row.mode), row) for row in self.control])

    def _judge(self, pairs: Sequence[tuple[MeasuredRow, MeasuredRow]]) -> tuple[Comparison, ...]:
        intervals = [stats.sequential_interval(baseline.log_ratios(candidate)) for baseline, candidate in pairs]
        adjusted = stats.holm([interval.p_value for interval in intervals])
        return tuple(
            _comparison(baseline, candidate, interval, p, self.spec.margin)
            for (baseline, candidate), interval, p in zip(pairs, intervals, adjusted, strict=True)
        )


def _comparison(
    baseline: MeasuredRow, candidate: MeasuredRow, interval: stats.Interval, adjusted: float, margin: float
) -> Comparison:
    launches = len(baseline.log_ratios(candidate))
    known, bounded = launches > 0, bool(np.isfinite(interval.low))
    return Comparison(
        baseline=baseline.model,
        candidate=candidate.model,
        batch=baseline.batch,
        mode=baseline.mode,
        speedup=math.exp(interval.estimate) if known else None,
        ci_low=math.exp(interval.low) if bounded else None,
        ci_high=math.exp(interval.high) if bounded else None,
        p_value=interval.p_value if bounded else None,
        p_adjusted=adjusted if bounded else None,
        launches=launches,
        verdict=stats.verdict(interval, adjusted, margin),
    )
