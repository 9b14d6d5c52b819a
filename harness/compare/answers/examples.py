"""What a run says of classes and of single test examples, as data."""

from __future__ import annotations

from typing import Literal

from harness import stats
from harness.compare.answers.interval import Interval
from harness.records import Record


class ClassAccuracy(Record):
    """The share of a class's test examples that a variant answers right, over the seeds that count.

    There are `examples` of the class, answered `right` times by all of those `seeds` together. `taken_for` is the
    commonest wrong answer, given `mistaken` times; None where there is none, or where answers were not recorded.
    The interval is Wilson's for other examples, of these trainings.
    """

    name: str
    examples: int
    seeds: int
    right: int
    accuracy: Interval
    taken_for: str | None
    mistaken: int


class ClassChange(Record):
    """A class before and after, on the same examples; `p_adjusted` is corrected for the number of classes (Holm)."""

    before: ClassAccuracy
    after: ClassAccuracy
    change: Interval
    p_adjusted: float
    verdict: stats.Preference


class Disagreement(Record):
    """A test example, by its number, that two networks answer otherwise: what it is, and what each takes it for.

    It is `lost` where it was right, `won` where it is right now.
    """

    number: int
    truth: str
    before: str
    after: str
    kind: Literal["lost", "won", "neither"]


class Disagreements(Record):
    """The test examples that a variant answers otherwise than the reference; both are keys, judged with one `seed`.

    `digest` is that of the examples. Of the `lost` the reference was right, of the `won` the variant is, of the others
    `neither`; a few of each are `shown`.
    """

    variant: str
    reference: str
    seed: int
    digest: str
    examples: int
    lost: int
    won: int
    neither: int
    shown: tuple[Disagreement, ...]
