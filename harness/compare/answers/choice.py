"""Which variant to ship instead of the network at hand, as data."""

from __future__ import annotations

from collections.abc import Mapping

from harness.compare.answers.interval import Interval
from harness.compare.answers.speed import SpeedUp
from harness.records import Record

# The loss of accuracy that a faster network may cost, as a fraction.
TOLERATED_LOSS = 0.01


class Judged(Record):
    """How a variant's accuracy differs from the reference's.

    `change` and `equal_change` are as in Variant, but against the reference, and that trained on for as long.
    """

    change: Interval | None = None
    equal_change: Interval | None = None

    @property
    def costly(self) -> bool:
        """Whether it clearly loses more accuracy than is tolerated."""
        known = [change for change in (self.change, self.equal_change) if change is not None]
        return any(change.high <= -TOLERATED_LOSS for change in known)

    @property
    def lowest(self) -> float:
        """The worst that the accuracy may have changed by, as a fraction."""
        return lowest(self.change, self.equal_change)

    @property
    def worse_beside_longer(self) -> bool:
        """Whether that is a change against the reference trained on, not against the reference as it is."""
        return self.equal_change is not None and lowest(self.equal_change) < lowest(self.change)


class PassedOver(Judged):
    """A variant, by its key, of a lower latency than the choice; `faster`: shown to be faster than the reference."""

    variant: str
    faster: bool


class Choice(Judged):
    """The variant worth having instead of `reference` at one batch size of one arena; both are keys of variants.

    The reference is the arena's first original, in the study's order. `variant` is None where nothing was shown to be
    faster. `safe`: the whole 95 % interval keeps the loss of accuracy under TOLERATED_LOSS, against the reference and,
    where the variant was fine-tuned, against the reference trained on for as long. Else the variant is that which comes
    nearest to it. `speedups` are against the reference, keyed by batch size. `faster` of the `others` were shown to be
    faster than the reference. `passed_over` would be faster still, the fastest first.
    """

    arena: str
    batch: int
    reference: str
    variant: str | None
    safe: bool = False
    speedups: Mapping[int, SpeedUp] = {}
    faster: int = 0
    others: int = 0
    passed_over: tuple[PassedOver, ...] = ()


def lowest(*changes: Interval | None) -> float:
    """The lowest bound of the changes that are known; −1 where none is."""
    return min((change.low for change in changes if change is not None), default=-1.0)
