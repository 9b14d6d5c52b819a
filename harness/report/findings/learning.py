"""Which trainings learned, and what decides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import stats
from harness.compare import Answers, Arm, Change, Interval, Learning
from harness.report import format as fmt
from harness.report.findings.common import FEW, MANY, Finding, first_few
from harness.report.names import Names, changed, learned_of


def which_learned(answers: Answers, names: Names) -> Finding | None:
    """How many trainings of each arm learned, and the changes that decide it."""
    learning = answers.learning
    if learning is None:
        return None
    runs, learned = sum(arm.runs for arm in learning.arms), sum(arm.learned for arm in learning.arms)
    text = f"{learned} of {runs} trainings learned."
    items = [*_arms_told(learning, names), *_changes_told(learning, names), *_effects_told(learning)]
    return Finding("Which trainings learned", text, tuple(items))


def _arms_told(learning: Learning, names: Names) -> Iterator[str]:
    """The arms that always fail, those that sometimes do, and how many never do."""
    never = [arm for arm in learning.arms if arm.learned == 0]
    always = [arm for arm in learning.arms if arm.learned == arm.runs]
    mixed = [arm for arm in learning.arms if 0 < arm.learned < arm.runs]
    if never:
        yield f"Never: {_listed(never, names)}."
    if mixed:
        yield f"Sometimes: {_listed(mixed, names)}."
    if always:
        few = f"{_listed(always, names)}" if len(always) <= FEW else f"the {len(always)} other arms"
        yield f"Always: {few}." if never or mixed else "Always, in every arm."


def _listed(arms: list[Arm], names: Names) -> str:
    return "; ".join(f"{names.networks[arm.network]} ({learned_of(arm)})" for arm in arms)


def _changes_told(learning: Learning, names: Names) -> Iterator[str]:
    """The single changes that clearly decide whether a network learns, and how many were not shown to."""
    if not learning.tests or all(arm.learned == arm.runs for arm in learning.arms):
        return
    clear = [test for test in learning.tests if test.clear]
    lines = []
    for test in sorted(clear, key=lambda test: test.adjusted_p):
        base, other = learning.arm(test.base), learning.arm(test.other)
        lines.append(
            f"{names.networks[test.base]} with {changed(test.change)}: {learned_of(base)} learn before, "
            f"{learned_of(other)} after ({fmt.p_value(test.adjusted_p)})."
        )
    yield from first_few(lines, MANY, "such changes")
    rest = fmt.plural(len(learning.tests) - len(clear), "other single change" if clear else "single change")
    if not clear and not _could_be_clear(learning):
        yield f"Of {rest} none could be shown to decide whether a network learns: that takes more seeds than there are."
    elif len(learning.tests) > len(clear):
        yield f"Of {rest} none was shown to decide whether a network learns."


def _could_be_clear(learning: Learning) -> bool:
    """Whether any test would be clear if all trainings of one arm learned and none of the other, once corrected."""
    pairs = [(learning.arm(test.base).runs, learning.arm(test.other).runs) for test in learning.tests]
    return any(len(pairs) * stats.fisher((runs[0], 0), runs) <= 1 - stats.CONFIDENCE for runs in pairs)


def _effects_told(learning: Learning) -> Iterator[str]:
    """What the changes of a factorial do to the accuracy, as far as that is clear."""
    clear = [
        _effect(effect.changes, effect.accuracy)
        for effect in learning.effects
        if effect.accuracy and (effect.accuracy.clearly_above or effect.accuracy.clearly_below)
    ]
    yield from first_few(clear, MANY, "effects in the table")


def _effect(changes: Sequence[Change], accuracy: Interval) -> str:
    first, *second = changes
    size, reach = 100 * abs(accuracy.value), fmt.whole_points_range(accuracy)
    if not second:
        points = fmt.whole_points(accuracy.value)
        return f"{changed(first)}, the other factors averaged: {points} points of test accuracy ({reach})."
    more = "more" if accuracy.value > 0 else "less"
    return f"{changed(first)} is worth {size:.0f} points {more} ({reach}) with {changed(second[0])} than without."
