"""Gates that launches decide: after some launches one looks, and stops when every gate is decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness import stats
from harness.measure.row import MeasuredRow

SPARE = 1.2  # the looks to come take a little more of the error
# From one quarter of an hour to the next a machine is faster or slower by about so much, and a process larger or
# smaller: how many pages of its libraries are mapped at once depends on what was read before. The launches of one
# measurement don't show it, and ratios are free of it.
OCCASION = 0.01
PAGE_BYTES = 4096


@dataclass(frozen=True)
class Gate:
    """A bound on what is measured at one batch size: `name` is the gate's; it is a `least` or a `most` value."""

    name: str
    bound: float
    batch: int | None = None

    @property
    def least(self) -> bool:
        """Whether the bound is one that must be reached."""
        return self.name.startswith("min_")

    def decide(self, low: float, high: float) -> stats.Decision:
        """On which side of the bound an interval is."""
        return stats.decide(low, high, least=self.bound) if self.least else stats.decide(low, high, most=self.bound)


@dataclass(frozen=True)
class Seen:
    """What is known of a gate: an estimate with its interval, from so many launches or processes.

    No more of them would bring the interval's half-width below `stays`.
    """

    estimate: float
    low: float
    high: float
    count: int
    stays: float = 0.0
    decision: stats.Decision = "can't tell"
    error: str | None = None


class Looks:
    """Decides gates from the rows of a measurement, as its launches come in.

    `own` is the position of the bundle's model among those measured, the baseline being the first. A gate that is
    decided stays decided; `decisions` gates, these among them, are corrected together.
    """

    def __init__(self, gates: Sequence[Gate], own: int, decisions: int) -> None:
        self.gates, self.own, self.decisions = list(gates), own, decisions
        self.look, self.looked_at, self.next = 0, 0, stats.MINIMUM_LAUNCHES
        self.seen: dict[Gate, Seen] = {}

    def __call__(self, rows: Sequence[MeasuredRow]) -> bool:
        """Look where it is time to; whether all is decided."""
        launches = self._launches(rows)
        if launches >= self.next:
            self._look(rows, launches)
        return bool(self.seen) and all(seen.decision != "can't tell" for seen in self.seen.values())

    def end(self, rows: Sequence[MeasuredRow]) -> dict[Gate, Seen]:
        """What is known in the end: one more look at what came since the last."""
        launches = self._launches(rows)
        if launches > self.looked_at or not self.seen:
            self._look(rows, launches)
        return self.seen

    def _launches(self, rows: Sequence[MeasuredRow]) -> int:
        return max((len(row.launches) for row in rows), default=0)

    def _look(self, rows: Sequence[MeasuredRow], launches: int) -> None:
        self.look += 1
        self.looked_at, self.next = launches, stats.next_look(launches)
        for gate in self.gates:
            if gate not in self.seen or self.seen[gate].decision == "can't tell":
                self.seen[gate] = self._seen(gate, rows)

    def _seen(self, gate: Gate, rows: Sequence[MeasuredRow]) -> Seen:
        by_model = {row.model: row for row in rows if row.batch == gate.batch}
        row, baseline = by_model[self.own], by_model[0]
        if row.error is not None:
            return Seen(math.nan, -math.inf, math.inf, 0, decision="fail", error=row.error)
        if gate.name == "min_speedup" and baseline.error is not None:
            why = f"the baseline failed: {baseline.error}"
            return Seen(math.nan, -math.inf, math.inf, 0, error=why)
        if gate.name == "min_speedup":
            logs, beside = list(baseline.log_ratios(row)), 0.0
        else:
            logs, beside = [math.log(launch.usual_us) for launch in row.launches], OCCASION
        found = stats.look_interval(logs, self.look, self.decisions, beside)
        return _judged(gate, found, len(logs), stats.shared_reach(beside, self.decisions))


def seen_memory(gate: Gate, peaks_bytes: Sequence[int], look: int, decisions: int) -> Seen:
    """What the peaks of processes, at least MINIMUM_LAUNCHES of them, say of a memory gate; its bound is in megabytes.

    Memory is counted in pages, so that equal peaks are not without spread.
    """
    logs = [math.log(peak / 1e6) for peak in peaks_bytes]
    found = stats.t_interval(logs, stats.look_confidence(look, decisions), stats.TRIMMED_SHARE)
    shown = found.half_width if math.isfinite(found.half_width) else PAGE_BYTES / max(peaks_bytes)
    stays = stats.shared_reach(OCCASION, decisions)
    reach = math.hypot(shown, stays)
    found = replace(found, low=found.estimate - reach, high=found.estimate + reach)
    return _judged(gate, found, len(logs), stays)


def _judged(gate: Gate, found: stats.Interval, count: int, stays: float) -> Seen:
    """A gate held against an interval of logarithms, of which `stays` is there however many launches there are."""
    value = math.exp(found.estimate) if count else math.nan
    if not math.isfinite(found.high):
        return Seen(value, 0.0, math.inf, count)
    low, high = math.exp(found.low), math.exp(found.high)
    return Seen(value, low, high, count, value * math.expm1(stays), gate.decide(low, high))


def more(seen: Seen, bound: float, spent: float) -> float | None:
    """How much of what was `spent` would decide a gate, in the same unit; None where nothing would, at the bound.

    What does not stay of the interval gets narrower with the square root of what is spent.
    """
    if not math.isfinite(seen.low) or not math.isfinite(seen.high):
        return SPARE * spent * stats.MINIMUM_LAUNCHES / max(1, seen.count)
    distance = abs(seen.estimate - bound)
    reach = (seen.high - seen.low) / 2
    if distance <= seen.stays or reach / distance > 100:
        return None
    narrowing = max(0.0, reach**2 - seen.stays**2)
    return SPARE * spent * max(1.0, narrowing / (distance**2 - seen.stays**2))
