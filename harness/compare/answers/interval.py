"""A value with the interval that says how well it is known."""

from __future__ import annotations

from harness.records import Record


class Interval(Record):
    """A value and its 95 % interval. Shares are fractions, differences are fractions too (0.01 is one point)."""

    value: float
    low: float
    high: float

    @property
    def clearly_above(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0

    @property
    def clearly_below(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high < 0

    def contains(self, value: float) -> bool:
        """Whether a value lies between the bounds, or on one."""
        return self.low <= value <= self.high
