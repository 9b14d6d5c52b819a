"""Latency tables made up of known staircases, with no clock in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.measure.latency.designs import designs
from harness.measure.latency.sizes import Axis
from harness.measure.latency.table import Kernel, LatencyTable, Station, Timed

FULL, FREE = (32, 48, 64, 10), (0, 1, 2)
OVERHEAD = 1.5  # microseconds that the profiler adds to each kernel


def stations() -> tuple[Station, ...]:
    """Three convolutions and a Dense layer in a row, of groups 0 to 3."""
    start = Station(
        operator="", inputs=Axis(0), outputs=Axis(0), positions=0, taps=0, apart=False, nodes=("Reshape_1",)
    )
    made, reads = [start], Axis(1)
    for group, positions in enumerate((784, 196, 49)):
        makes = Axis(0, ((group, 1),))
        name = f"Conv_{group + 1}"
        made.append(
            Station(
                operator="Conv", inputs=reads, outputs=makes, positions=positions, taps=9, apart=False, nodes=(name,)
            )
        )
        reads = makes
    made.append(
        Station(
            operator="MatMul", inputs=reads, outputs=Axis(10), positions=1, taps=1, apart=False, nodes=("MatMul_1",)
        )
    )
    return tuple(made)


def blocked(station: Station, reads: int) -> bool:
    """The runtime's rule in this made-up world."""
    return station.operator == "Conv" and (reads % 4 == 0 or reads < 16)


def true_us(station: Station, widths: Sequence[int]) -> float:
    """A staircase where channels come in blocks of 16, and a line four times as steep where they don't."""
    reads, makes = station.inputs.length(widths), station.outputs.length(widths)
    if not station.operator:
        return 1.0
    if blocked(station, reads):
        return 1.0 + 3e-5 * station.positions * station.taps * max(reads, 8) * 16 * math.ceil(makes / 16)
    return 2.0 + 1.2e-4 * station.positions * station.taps * reads * makes


def true_whole(widths: Sequence[int]) -> float:
    """Microseconds of the whole network."""
    return 0.9 * sum(true_us(station, widths) for station in stations()) + 3.0


def timed(widths: Sequence[int], rng: np.random.Generator, process: int = 0) -> Timed:
    """A network as the profiler would see it, 2 % noise."""

    def kernels(of: Sequence[int]) -> tuple[Kernel, ...]:
        return tuple(
            Kernel(
                station.nodes[0] + ("_nchwc" if blocked(station, station.inputs.length(of)) else ""),
                station.operator,
                true_us(station, of) * rng.normal(1, 0.02) + OVERHEAD,
            )
            for station in stations()
        )

    return Timed(
        process=process,
        batch=1,
        widths=tuple(widths),
        full_us=true_whole(FULL),
        log_ratio=math.log(true_whole(widths) / true_whole(FULL)) + rng.normal(0, 0.01),
        full_kernels=kernels(FULL),
        kernels=kernels(widths),
    )


def table(count: int = 40, seed: int = 0) -> LatencyTable:
    """A table of so many networks."""
    rng = np.random.default_rng(seed)
    rows = tuple(timed(widths, rng) for widths in designs(FULL, FREE, count, seed))
    return LatencyTable(conditions={}, full=FULL, free=FREE, stations=stations(), timed=rows, seconds=0.0)
