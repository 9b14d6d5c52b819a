"""The arms of a question about learning: networks over their seeds, and contrasts between them.

An arm is one network over its seeds. Where the study has networks that are only trained (`deploy = false`), those are
its arms; else all its unpruned networks are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness import stats
from harness.compare.answers import Arm, Interval
from harness.compare.pooling import accuracy_over_seeds, contrast
from harness.records import Row
from harness.spec import Case, short

# Arms that differ in one of these are not judged on the same test examples.
EXAMPLES = {f"data.{key}" for key in ("name", "folder", "limit", "test_fraction", "split_seed")}


@dataclass(frozen=True)
class Runs:
    """An arm, all its settings (options, `data.KEY` and `train.KEY`, as they stand in names), and every training's
    right and wrong answers.
    """

    arm: Arm
    settings: Mapping[str, str]
    corrects: tuple[str, ...]


def runs_of(rows: Sequence[Row]) -> Runs:
    """All seeds of one network; the interval of the share is Wilson's."""
    learned = sum(bool(row.training and row.training.learned) for row in rows)
    low, high = stats.wilson(learned, len(rows))
    corrects = tuple(row.accuracy.correct for row in rows if row.accuracy)
    case = rows[0].case
    arm = Arm(
        network=case.network,
        model=case.model_name,
        factors=dict(case.factors),
        runs=len(rows),
        learned=learned,
        share=Interval(value=learned / len(rows), low=low, high=high),
        accuracy=accuracy_over_seeds(corrects) if corrects else None,
    )
    return Runs(arm, settings_of(case), corrects)


def settings_of(case: Case) -> dict[str, str]:
    """All that can differ between two arms of a model."""
    parts = {"": case.options, "data.": dict(case.data), "train.": dict(case.train)}
    return {f"{prefix}{key}": short(value) for prefix, values in parts.items() for key, value in values.items()}


def all_but(keys: Sequence[str], runs: Runs) -> frozenset[tuple[str, str]]:
    """An arm's settings but for these: equal where two arms differ in nothing else."""
    return frozenset((key, value) for key, value in runs.settings.items() if key not in keys)


def share_contrast(cells: Sequence[Runs], weights: Sequence[float]) -> Interval:
    """Of the shares that learned; the interval is Price and Bonett's (harness/stats/proportions.py)."""
    hits, trials = [runs.arm.learned for runs in cells], [runs.arm.runs for runs in cells]
    low, high = stats.linear_of_shares(hits, trials, weights)
    value = sum(weight * hit / count for weight, hit, count in zip(weights, hits, trials, strict=True))
    return Interval(value=value, low=low, high=high)


def accuracy_contrast(cells: Sequence[Runs], weights: Sequence[float], factors: Sequence[str]) -> Interval | None:
    """Of the mean test accuracies; None where the factors change the examples, or an arm has none."""
    if EXAMPLES.intersection(factors) or not all(runs.corrects for runs in cells):
        return None
    return contrast([runs.corrects for runs in cells], weights)
