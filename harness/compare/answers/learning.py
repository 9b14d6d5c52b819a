"""What a run says about learning, as data: arms, which are networks over their seeds, and what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.compare.answers.interval import Interval
from harness.records import Record


class Arm(Record):
    """One network over its seeds: how many of its `runs` learned, and the mean test accuracy of them all."""

    network: str
    model: str
    factors: Mapping[str, Any]
    runs: int
    learned: int
    share: Interval
    accuracy: Interval | None


class Change(Record):
    """One thing that differs between two networks, such as `data.scale`: from `base` to `value`."""

    factor: str
    base: str
    value: str


class LearningTest(Record):
    """Two arms that differ in one thing, by their networks: Fisher's exact test of how many of each learned.

    `adjusted_p` is Holm's, over all tests of the study. `accuracy` is the change in mean test accuracy, None where the
    two were not judged on the same examples.
    """

    base: str
    other: str
    change: Change
    p_value: float
    adjusted_p: float
    accuracy: Interval | None

    @property
    def clear(self) -> bool:
        """Whether the corrected p-value is at most 5 %."""
        return self.adjusted_p <= 0.05


class Effect(Record):
    """What one change does, averaged over the other factors of a full factorial.

    With two changes it is their interaction: how much more the first does once the second is made. `difference` is in
    the share of trainings that learn, `accuracy` in the mean test accuracy of them all.
    """

    model: str
    changes: tuple[Change, ...]
    difference: Interval
    accuracy: Interval | None


class Learning(Record):
    """Which trainings of a study learned."""

    arms: tuple[Arm, ...]
    tests: tuple[LearningTest, ...]
    effects: tuple[Effect, ...]

    def arm(self, network: str) -> Arm:
        """The arm with this network; KeyError if there is none."""
        for arm in self.arms:
            if arm.network == network:
                return arm
        raise KeyError(network)
