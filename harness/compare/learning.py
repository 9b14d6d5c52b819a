"""Which trainings learned: the share of every arm, tests between arms that differ in one thing, effects of a factorial.

An arm is one network over its seeds. Where the study has networks that are only trained (`deploy = false`), those are
its arms; else all its unpruned networks are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness import stats
from harness.compare.answers.interval import Interval
from harness.compare.answers.learning import Arm, Change, Effect, Learning, LearningTest
from harness.compare.pooling import accuracy_over_seeds, contrast
from harness.records import Row
from harness.spec import Case, short

DEFAULT = "default"
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


def learning_of(rows: Sequence[Row]) -> Learning | None:
    """What a study's rows say about learning; None where all learned and no network is there only for that question,
    and where no model has two arms.
    """
    trained = [row for row in rows if row.original and row.training and row.training.learned is not None]
    asked = [row for row in trained if not row.case.deploy]
    if not asked and all(row.training and row.training.learned for row in trained):
        return None
    by_network: dict[str, list[Row]] = {}
    for row in asked or trained:
        by_network.setdefault(row.case.network, []).append(row)
    arms = [runs_of(group) for group in by_network.values()]
    models = [runs.arm.model for runs in arms]
    arms = [runs for runs in arms if models.count(runs.arm.model) > 1]
    if not arms:
        return None
    return Learning(arms=tuple(runs.arm for runs in arms), tests=tuple(tests_of(arms)), effects=tuple(effects_of(arms)))


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


def tests_of(arms: Sequence[Runs]) -> Iterator[LearningTest]:
    """Fisher's exact test of every arm against the first that differs from it in nothing but one setting."""
    pairs = list(_pairs(arms))
    p_values = [
        stats.fisher((base.arm.learned, other.arm.learned), (base.arm.runs, other.arm.runs)) for base, other, _ in pairs
    ]
    for (base, other, change), p_value, adjusted in zip(pairs, p_values, stats.holm(p_values), strict=True):
        yield LearningTest(
            base=base.arm.network,
            other=other.arm.network,
            change=change,
            p_value=p_value,
            adjusted_p=adjusted,
            accuracy=accuracy_contrast([base, other], [-1, 1], [change.factor]),
        )


def _pairs(arms: Sequence[Runs]) -> Iterator[tuple[Runs, Runs, Change]]:
    """(base, other, what differs), setting by setting. An option that an arm does not give has its default."""
    for model in dict.fromkeys(runs.arm.model for runs in arms):
        own = [runs for runs in arms if runs.arm.model == model]
        for key in dict.fromkeys(key for runs in own for key in runs.settings):
            groups: dict[frozenset[tuple[str, str]], list[Runs]] = {}
            for runs in own:
                groups.setdefault(_all_but([key], runs), []).append(runs)
            for base, *others in groups.values():
                values = [runs.settings.get(key, DEFAULT) for runs in (base, *others)]
                for other, value in zip(others, values[1:], strict=True):
                    yield base, other, Change(factor=key, base=values[0], value=value)


def _all_but(keys: Sequence[str], runs: Runs) -> frozenset[tuple[str, str]]:
    return frozenset((key, value) for key, value in runs.settings.items() if key not in keys)


def effects_of(arms: Sequence[Runs]) -> Iterator[Effect]:
    """Main effects, then two-factor interactions, of every full factorial among the arms."""
    groups: dict[tuple[str, tuple[str, ...], frozenset[tuple[str, str]]], list[Runs]] = {}
    for runs in arms:
        keys = tuple(runs.arm.factors)
        groups.setdefault((runs.arm.model, keys, _all_but(keys, runs)), []).append(runs)
    for (model, keys, _), cells in groups.items():
        levels = {key: list(dict.fromkeys(runs.settings[key] for runs in cells)) for key in keys}
        levels = {key: values for key, values in levels.items() if len(values) > 1}
        if len(levels) > 1 and math.prod(map(len, levels.values())) == len(cells):
            for changes in _changes(levels):
                weights = weights_of(cells, changes, levels)
                yield Effect(
                    model=model,
                    changes=changes,
                    difference=share_contrast(cells, weights),
                    accuracy=accuracy_contrast(cells, weights, list(levels)),
                )


def _changes(levels: Mapping[str, Sequence[str]]) -> Iterator[tuple[Change, ...]]:
    """Every value of a factor against its first; then of every two factors."""
    single = {
        key: [Change(factor=key, base=values[0], value=value) for value in values[1:]] for key, values in levels.items()
    }
    for order in (1, 2):
        for keys in itertools.combinations(single, order):
            yield from itertools.product(*(single[key] for key in keys))


def weights_of(cells: Sequence[Runs], changes: Sequence[Change], levels: Mapping[str, Sequence[str]]) -> list[float]:
    """The weight of each cell in a change's effect, every cell of the other factors counting alike.

    Of two changes it is the first's effect with the second made, minus the first's without.
    """
    changed = {change.factor for change in changes}
    others = math.prod(len(values) for key, values in levels.items() if key not in changed)
    return [math.prod(_sign(runs, change) for change in changes) / others for runs in cells]


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


def _sign(runs: Runs, change: Change) -> int:
    setting = runs.settings[change.factor]
    return int(setting == change.value) - int(setting == change.base)
