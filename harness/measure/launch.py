"""What one fresh process saw of one model: raw times in nanoseconds, and which of them can be trusted."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.records import Record

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
        return tuple(stats.medians(self.blocks_ns).tolist())

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

    @cached_property
    def clean_logs(self) -> NDArray[np.float64]:
        """The logarithm of each block's median, (rounds,); NaN where that can't be trusted."""
        return np.where(self.clean, np.log(self.medians_ns), np.nan)

    def paired_logs(self, candidate: Launch) -> NDArray[np.float64]:
        """log(this / candidate) of the rounds in which both blocks are clean; empty where those are too few."""
        logs = self.clean_logs - candidate.clean_logs
        logs = logs[~np.isnan(logs)]
        return logs if len(logs) >= FEWEST_ROUNDS else np.empty(0)


class Process(Record):
    """One launch: the time to start onnxruntime, and the share of the timed blocks that the process had a core.

    `cpu_share` is None where the work is spread over threads or a GPU, so that one thread's time says nothing.
    """

    number: int
    startup_ns: int
    cpu_share: float | None
    seconds: float
