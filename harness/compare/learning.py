"""Which trainings learned: the share of every arm, and tests between arms that differ in one thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import stats
from harness.compare.answers import Change, Learning, LearningTest
from harness.compare.arms import Runs, accuracy_contrast, all_but, runs_of
from harness.compare.factorial import effects_of
from harness.records import Row

DEFAULT = "default"


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
                groups.setdefault(all_but([key], runs), []).append(runs)
            for base, *others in groups.values():
                values = [runs.settings.get(key, DEFAULT) for runs in (base, *others)]
                for other, value in zip(others, values[1:], strict=True):
                    yield base, other, Change(factor=key, base=values[0], value=value)
