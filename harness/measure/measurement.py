"""What a measurement found: every raw sample, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.base.errors import MeasureError
from harness.measure.verdict import Comparison, judge
from harness.records import Record
from harness.spec import MeasureSpec, Mode

MANY_CALLS = 8
UNDISTURBED = 0.9
FEWEST_ROUNDS = 3


class Launch(Record):
    """What one fresh process saw of one row. Times are in nanoseconds.

    `number` is the launch; `blocks_ns` holds the call times of each round, rounds being shared by all rows of a
    launch; `settled` says whether the warm-up reached calls that no longer get faster. `cpu_shares` is the share of
    each block in which the process had a core; None where that can't be known (several threads, a GPU).
    """

    number: int
    first_ns: int
    warmup_ns: tuple[int, ...]
    settled: bool
    blocks_ns: tuple[tuple[int, ...], ...]
    cpu_shares: tuple[float, ...] | None = None

    @property
    def calls_ns(self) -> tuple[int, ...]:
        """Every timed call, in the order of the rounds."""
        return tuple(call for block in self.blocks_ns for call in block)

    @cached_property
    def medians_ns(self) -> tuple[float, ...]:
        """Each block's median."""
        return tuple(stats.median(block) for block in self.blocks_ns)

    @cached_property
    def clean(self) -> tuple[bool, ...]:
        """Whether each block's median can be trusted: it has many calls, or the process kept its core.

        A median of many calls ignores the few that were interrupted. Of few and long calls, on a busy machine, most
        are: a comparison with a model of shorter calls would then be off by as much as a factor of two.
        """
        if self.cpu_shares is None:
            return (True,) * len(self.blocks_ns)
        pairs = zip(self.blocks_ns, self.cpu_shares, strict=True)
        return tuple(len(block) >= MANY_CALLS or share >= UNDISTURBED for block, share in pairs)

    @property
    def usual_us(self) -> float:
        """The launch's latency: the median of its clean blocks' medians, or of all where none is clean."""
        clean = [median for median, good in zip(self.medians_ns, self.clean, strict=True) if good]
        return stats.median(clean or self.medians_ns) / 1000

    def paired_logs(self, candidate: Launch) -> NDArray[np.float64]:
        """log(this / candidate) of the rounds in which both blocks are clean; empty where those are too few."""
        rounds = zip(self.medians_ns, candidate.medians_ns, self.clean, candidate.clean, strict=True)
        logs = np.array([math.log(ours / theirs) for ours, theirs, one, other in rounds if one and other])
        return logs if len(logs) >= FEWEST_ROUNDS else np.empty(0)


class Percentile(Record):
    """A latency percentile over all calls, or why there is none.

    `independent` is how many independent samples the calls are worth for it, `needed` how many it takes.
    """

    percent: float
    value_us: float | None
    independent: float
    needed: int

    @property
    def reason(self) -> str | None:
        """Why there is no value; None where there is one."""
        if self.value_us is not None:
            return None
        return f"p{self.percent:g} needs {self.needed} independent calls, these are worth {self.independent:.0f}"


class Fed(Record):
    """What every model was fed for one input. `shape` leaves out the batch where `batched`; it stands at `batch_axis`.

    `invented` values are uniform floats in [0, 1), bytes 0 to 255, or zeros and ones; else an array was given, which
    `sha256` identifies.
    """

    shape: tuple[int, ...]
    dtype: str
    batched: bool
    batch_axis: int = 0
    invented: bool
    sha256: str | None = None

    def size_bytes(self, batch: int) -> int:
        """The size of what is fed at a batch size; that of text is not known, and counts as nothing."""
        size = 0 if self.dtype == "string" else np.dtype(self.dtype).itemsize
        return math.prod(self.shape) * (batch if self.batched else 1) * size


class Process(Record):
    """One launch: the time to start onnxruntime, and the share of the timed blocks that the process had a core.

    `cpu_share` is None where the work is spread over threads or a GPU, so that one thread's time says nothing.
    """

    number: int
    startup_ns: int
    cpu_share: float | None
    seconds: float


class Placement(Record):
    """Where a model's nodes ran. `assigned` is the graph partitioning's record, `ran` the profile's.

    Each entry is (provider, node, operator); those of `ran` add the element types of the outputs.
    """

    assigned: tuple[tuple[str, str, str], ...]
    ran: tuple[tuple[str, str, str, tuple[str, ...]], ...]

    @property
    def on_the_way(self) -> tuple[str, ...]:
        """The copies between host and device and the shape computations, as `'name' (operator) on provider`."""
        return tuple(
            f"'{node}' ({operator}) on {provider}"
            for provider, node, operator, _ in self.ran
            if operator.startswith("Memcpy") or operator in ("Shape", "Size")
        )


class MeasuredModel(Record):
    """One ONNX file. `session_ns` are the times to create its session, one a launch.

    `parameters` counts floating-point and quantized weights; `macs` are multiply-accumulates for one example. Both are
    None where an operator's can't be counted (`uncounted` names those without a count of MACs). `runtime_bytes` is the
    memory of a process before it opened the model; `provider_options` are onnxruntime's for CUDA, defaults included.
    `findings` are what the file alone shows to be slow on the device.
    """

    path: str
    sha256: str
    size_bytes: int
    parameters: int | None
    macs: int | None
    uncounted: tuple[str, ...]
    opset: int
    device: str
    placement: Placement | None
    provider_options: Mapping[str, str]
    runtime_bytes: int | None
    session_ns: tuple[int, ...]
    findings: tuple[str, ...]

    @property
    def session_us(self) -> float | None:
        """The median time to create a session."""
        return stats.median(self.session_ns) / 1000 if self.session_ns else None


class MeasuredRow(Record):
    """One model at one batch size in one mode. `error` says why it could not be measured.

    `peak_bytes` is the most memory of a process that runs only this model, the runtime included; `gpu_bytes` what the
    model holds on the GPU, None on the CPU.
    """

    model: int
    batch: int
    mode: Mode
    device: str
    peak_bytes: int | None
    gpu_bytes: int | None = None
    error: str | None
    launches: tuple[Launch, ...]

    @property
    def median_us(self) -> float | None:
        """The median over launches of each launch's latency."""
        return stats.median([launch.usual_us for launch in self.launches]) if self.launches else None

    @property
    def first_us(self) -> float | None:
        """The median time of the first run at this batch size in a process."""
        return stats.median([launch.first_ns for launch in self.launches]) / 1000 if self.launches else None

    @property
    def settled(self) -> bool:
        """Whether the warm-up reached steady calls in every launch."""
        return all(launch.settled for launch in self.launches)

    def percentile(self, percent: float) -> Percentile:
        """A percentile of all calls, such as 99; without a value where the sample does not support it."""
        clusters = [launch.calls_ns for launch in self.launches]
        independent, needed = stats.independent_samples(clusters, percent), stats.samples_for_percentile(percent)
        calls = [call for cluster in clusters for call in cluster]
        enough = independent >= needed
        value = float(np.percentile(calls, percent)) / 1000 if enough else None
        return Percentile(percent=percent, value_us=value, independent=independent, needed=needed)

    def drift(self) -> stats.Interval:
        """The log ratio of the second to the first half of a launch's rounds: 0 in a steady state."""
        halves = [(launch.medians_ns[: len(launch.medians_ns) // 2], launch.medians_ns) for launch in self.launches]
        return stats.t_interval(
            [math.log(stats.median(both[len(first) :]) / stats.median(first)) for first, both in halves if first],
            trimmed=stats.TRIMMED_SHARE,
        )

    @property
    def throughput_per_s(self) -> float | None:
        """Examples a second, one batch after another."""
        return None if self.median_us is None else self.batch * 1e6 / self.median_us

    @cached_property
    def _by_number(self) -> Mapping[int, Launch]:
        return {launch.number: launch for launch in self.launches}

    def log_ratios(self, candidate: MeasuredRow) -> tuple[float, ...]:
        """The log speed-up of `candidate` over this row, in each launch with enough clean rounds of both.

        It is the median over rounds of log(this / candidate): the pairing within a round cancels what changes
        slowly, and the median ignores the rounds in which a neighbour disturbed one of the two.
        """
        return tuple(stats.median(logs) for logs in self._paired(candidate))

    def _paired(self, candidate: MeasuredRow) -> Iterator[NDArray[np.float64]]:
        for launch in self.launches:
            if launch.number in candidate._by_number:
                logs = launch.paired_logs(candidate._by_number[launch.number])
                if logs.size:
                    yield logs

    def round_errors(self, candidate: MeasuredRow) -> tuple[float, ...]:
        """The standard error of each launch's log speed-up, from the spread of its rounds."""
        return tuple(stats.median_error(logs) for logs in self._paired(candidate))


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
    inputs: tuple[Fed, ...]
    processes: tuple[Process, ...]
    stopped: Literal["precision", "budget"]
    seconds: float

    @property
    def launches(self) -> int:
        """How many fresh processes measured."""
        return len(self.processes)

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
        return judge([(self.row(baseline, batch, mode), self.row(candidate, batch, mode))], self.spec.margin)[0]

    def compare_all(self, pairs: Sequence[tuple[int, int]] | None = None) -> tuple[Comparison, ...]:
        """Compare (baseline, candidate) pairs at every batch size and mode, corrected together.

        Without pairs, every model is compared with the first.
        """
        if pairs is None:
            pairs = [(0, index) for index in range(1, len(self.models))]
        rows = [
            (self.row(baseline, batch, mode), self.row(candidate, batch, mode))
            for mode in self.spec.modes
            for batch in self.spec.batch_sizes
            for baseline, candidate in pairs
        ]
        return judge(rows, self.spec.margin)

    def compare_control(self) -> tuple[Comparison, ...]:
        """The baseline's copy against the baseline: `faster` or `slower` is a false alarm."""
        return judge([(self.row(row.model, row.batch, row.mode), row) for row in self.control], self.spec.margin)
