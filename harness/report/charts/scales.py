"""The scales that all charts share: every network's colour and shape, ticks and domains."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from harness.report.charts import theme
from harness.report.names import Names

# Round numbers within a power of ten, coarse to fine.
TICKS = ((1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9))


def color(names: Names) -> alt.Color:
    """Every network's own colour, the same in all figures."""
    networks = list(names.networks.values())
    scale = alt.Scale(domain=networks, range=[theme.color_of(index) for index in range(len(networks))])
    return alt.Color("network:N", scale=scale, legend=None)


def shape(names: Names) -> alt.Shape:
    """Every network's own shape, the same in all figures."""
    networks = list(names.networks.values())
    scale = alt.Scale(domain=networks, range=[theme.shape_of(index) for index in range(len(networks))])
    return alt.Shape("network:N", scale=scale, legend=None)


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high` for a logarithmic axis: at least two, mostly four to eight."""
    if high < 2 * low:
        return _even_ticks(low, high)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside: list[float] = []
    for steps in TICKS:
        ticks = [float(f"{step}e{power}") for power in powers for step in steps]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) >= 4:
            break
    return inside[:: math.ceil(len(inside) / 8)]


def _even_ticks(low: float, high: float) -> list[float]:
    """Three to six multiples of a round step, for a range so narrow that a logarithmic axis looks like a linear one."""
    wanted = (high - low) / 5
    power = math.floor(math.log10(wanted))
    step = next(float(f"{part}e{power}") for part in (1, 2, 2.5, 5, 10) if float(f"{part}e{power}") >= wanted)
    ticks = [float(f"{count * step:.12g}") for count in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return [tick for tick in ticks if low <= tick <= high]


def padded(values: Sequence[float], share: float) -> tuple[float, float]:
    """A linear domain around values, wider by `share` of their spread on both sides."""
    low, high = min(values), max(values)
    room = max((high - low) * share, 0.2)
    return low - room, high + room
