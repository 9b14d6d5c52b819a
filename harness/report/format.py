"""How numbers are written: everything the report shows goes through here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.compare import Interval, SpeedUp

UNKNOWN = "–"
MINUS = "−"
SPACE = "\u00a0"  # does not break: a number stays with its unit
MODES = {
    "end_to_end": "end to end, host arrays in and out",
    "device": "inputs and outputs kept on the device",
    "cuda_graph": "CUDA graph, inputs and outputs kept on the device",
}


def percent(share: float) -> str:
    """0.9737 is `97.4 %`."""
    return f"{100 * share:.1f}{SPACE}%"


def percent_range(interval: Interval) -> str:
    """The interval alone, without its unit: `96.2 to 98.2`."""
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f}"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: `−0.6`."""
    return signed(100 * difference, 1)


def points_range(interval: Interval) -> str:
    """An interval of such a difference: `−1.1 to −0.2`."""
    return f"{points(interval.low)} to {points(interval.high)}"


def whole_range(interval: Interval) -> str:
    """An interval of a share in whole per cent, without its unit: `72 to 100`."""
    return f"{100 * interval.low:.0f} to {100 * interval.high:.0f}"


def whole_points(difference: float) -> str:
    """A difference of shares in whole percentage points, with its sign: `−14`."""
    return signed(100 * difference, 0)


def whole_points_range(interval: Interval) -> str:
    """Its interval, likewise: `−30 to +2`."""
    return f"{whole_points(interval.low)} to {whole_points(interval.high)}"


def signed(value: float, decimals: int) -> str:
    """With its sign, but for what rounds to zero: `+0.4`, `−0.6`, `0.0`."""
    text = f"{value:+.{decimals}f}"
    return f"{0:.{decimals}f}" if float(text) == 0 else text.replace("-", MINUS)


def times(ratio: float) -> str:
    """A speed-up: `2.08×`."""
    return f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.1f}×"


def times_range(speedup: SpeedUp) -> str:
    """The interval of a speed-up: `2.07 to 2.10`."""
    if speedup.low is None or speedup.high is None:
        return "no interval: too few launches"
    return f"{speedup.low:.2f} to {speedup.high:.2f}"


def microseconds(value: float) -> str:
    """Without its unit, to three digits: `1,234`, `71.6`, `4.05`."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}"


def duration(value_us: float) -> str:
    """With its unit: `71.6 µs`, `12.3 ms`."""
    value, unit = (value_us, "µs") if value_us < 10_000 else (value_us / 1000, "ms")
    return f"{microseconds(value)}{SPACE}{unit}"


def kilobytes(size_bytes: int) -> str:
    """Without its unit; a kilobyte is 1,000 bytes."""
    value = size_bytes / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def count(value: int) -> str:
    """A whole number: `342,458`."""
    return f"{value:,}"


def count_range(values: tuple[int, int] | None) -> str:
    """One number, or the smallest and largest over the seeds."""
    return span(values, count)


def kilobytes_range(values: tuple[int, int] | None) -> str:
    """One size, or the smallest and largest over the seeds, without their unit."""
    return span(values, kilobytes)


def span(values: tuple[int, int] | None, write: Callable[[int], str]) -> str:
    """One value, or the smallest and the largest where they are not written alike."""
    if values is None:
        return UNKNOWN
    low, high = write(values[0]), write(values[1])
    return low if low == high else f"{low} to {high}"


def tiny(value: float | None) -> str:
    """A relative difference: `8.0e-07`."""
    return UNKNOWN if value is None else f"{value:.1e}"


def plural(number: int, noun: str) -> str:
    """A number with its noun: `1 epoch`, `2 epochs`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def device(name: str) -> str:
    """A device as people write it: `cpu` is `CPU`, and `keras`, which is none, `Keras`."""
    return "Keras" if name == "keras" else name.upper()


def p_value(value: float) -> str:
    """A p-value as it stands in a sentence: `p = 0.04`, `p < 0.001`."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
