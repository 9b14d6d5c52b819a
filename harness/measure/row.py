"""One model at one batch size in one mode: its launches, and what follows from them."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from harness import stats
from harness.measure.launch import FEWEST_ROUNDS, Kept, Launch
from harness.measure.runtime.words import WORKER
from harness.records import Record
from harness.spec import Mode


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
    def lost(self) -> bool:
        """Whether a process that ran it died, hung or ran out of memory: another might not."""
        return self.error is not None and self.error.startswith(WORKER)

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
    def _numbers(self) -> tuple[int, ...]:
        return tuple(launch.number for launch in self.launches)

    @cached_property
    def _logs(self) -> Kept:
        """The logarithms of all blocks' medians, (launches, rounds); NaN where there is none that can be trusted."""
        logs = [launch.clean_logs for launch in self.launches]
        found = np.full((len(logs), max(map(len, logs), default=0)), np.nan)
        for each, row in zip(logs, found, strict=True):
            row[: len(each)] = each
        return Kept(found)

    def log_ratios(self, candidate: MeasuredRow) -> tuple[float, ...]:
        """The log speed-up of `candidate` over this row, in each launch with enough clean rounds of both.

        It is the median over rounds of log(this / candidate): the pairing within a round cancels what changes
        slowly, and the median ignores the rounds in which a neighbour disturbed one of the two.
        """
        ours, theirs = self._logs.array, candidate._logs.array
        if self._numbers != candidate._numbers:
            places = {number: place for place, number in enumerate(candidate._numbers)}
            common = [(place, places[number]) for place, number in enumerate(self._numbers) if number in places]
            ours, theirs = ours[[place for place, _ in common]], theirs[[place for _, place in common]]
        rounds = min(ours.shape[1], theirs.shape[1])  # those of a launch are shared by all its rows
        return tuple(stats.medians_of_known(ours[:, :rounds] - theirs[:, :rounds], FEWEST_ROUNDS).tolist())

    def round_errors(self, candidate: MeasuredRow) -> tuple[float, ...]:
        """The standard error of each launch's log speed-up, from the spread of its rounds."""
        theirs = {launch.number: launch for launch in candidate.launches}
        paired = [launch.paired_logs(theirs[launch.number]) for launch in self.launches if launch.number in theirs]
        return tuple(stats.median_error(logs) for logs in paired if logs.size)
