"""By what widths that were measured to be as fast as asked are told apart, where there are examples."""

from __future__ import annotations

from typing import Protocol

from harness.records import ChannelPlan

AFFORDABLE_S = 1.0  # of the original on a judge's examples: solving from these takes some thirty times as long


class Judge(Protocol):
    """What the network does not keep at other widths, once its kernels are solved again."""

    @property
    def examples(self) -> int:
        """How many there are to solve from and to judge by."""

    def missed(self, plan: ChannelPlan) -> float | None:
        """The share of the squares of the original's outputs that is missed, on examples that nothing is solved from.

        None where that can't be told.
        """


def is_affordable(judge: Judge, full_us: float) -> bool:
    """Whether the original, in so many microseconds for each, is through a judge's examples in about a second."""
    return judge.examples * full_us <= 1e6 * AFFORDABLE_S
