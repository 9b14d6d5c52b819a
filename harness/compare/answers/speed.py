"""How fast a network is, and how much faster than another."""

from __future__ import annotations

from enum import StrEnum

from harness.records import Record


class Verdict(StrEnum):
    """What the measurement says of a candidate. `same graph`: nothing was removed, so there was nothing to measure."""

    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    SAME_GRAPH = "same graph"


class SpeedUp(Record):
    """How many times as fast as its baseline a network runs; 2 is twice as fast. Bounds are None when unbounded."""

    value: float
    low: float | None
    high: float | None
    verdict: Verdict


class Latency(Record):
    """A network's latency at one batch size, for comparing it with the others of the run.

    Only the reference network, the first one, has its plain median over launches. An original has that, divided by
    its paired speed-up over the reference, and a pruned variant its original's, divided by its speed-up over it. So
    latencies agree with the speed-ups, and what slows some launches for all networks is no difference between them.
    The bounds are those of the ratio to the reference, which has none itself; None where there are too few launches.
    """

    typical_us: float
    low_us: float | None
    high_us: float | None
