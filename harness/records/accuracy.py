"""What a network answers on the test examples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from harness.records.record import GrownRecord
from harness.stats.learned import above_chance


class Accuracy(GrownRecord):
    """How many of the test examples an ONNX file classifies correctly, and where it ran.

    `correct` has one character an example in test order, `1` where the answer was right. `chance` is the share of
    the commonest class among those examples: what always giving one answer would score (None: not recorded).
    `wrong` are the class numbers that it gave where it was not right, in order, with spaces between; -1 where an output
    was NaN (None: not recorded).
    """

    correct: str
    device: str
    chance: float | None = None
    wrong: str | None = None
    later = frozenset({"wrong"})

    @property
    def examples(self) -> int:
        """How many test examples there were."""
        return len(self.correct)

    @property
    def hits(self) -> int:
        """How many of them were answered right."""
        return self.correct.count("1")

    @property
    def value(self) -> float:
        """The share that was answered right, from 0 to 1."""
        return self.hits / self.examples

    @cached_property
    def above_chance(self) -> bool | None:
        """Whether this is more than luck (harness/stats/learned.py); None where chance was not recorded."""
        return None if self.chance is None else above_chance(self.value, self.chance, self.examples)

    def answers(self, labels: Sequence[int]) -> tuple[int, ...] | None:
        """The class given to each example, of these right ones; None where that was not recorded."""
        if self.wrong is None:
            return None
        given = list(labels)
        missed = (place for place, right in enumerate(self.correct) if right != "1")
        for place, number in zip(missed, self.wrong.split(), strict=True):
            given[place] = int(number)
        return tuple(given)
