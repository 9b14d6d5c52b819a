"""What a run can't answer, and what makes its answers doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from harness.compare import TOLERATED_LOSS, Answers, Verdict
from harness.report import format as fmt
from harness.report.findings.common import (
    Finding,
    examples,
    seeds_told,
    with_speedup,
    without_speedup,
)
from harness.report.names import Names


def too_thin(answers: Answers, names: Names) -> Finding | None:
    """What this run can't answer, and what would."""
    items = [*_thin_speed(answers, names), *_thin_accuracy(answers, names)]
    finished = [variant for variant in answers.variants if variant.finished]
    taken_over = [
        names.network(variant)
        for variant in finished
        if variant.original and not variant.trained_here and variant.learned is not False
    ]
    if taken_over:
        were = "were" if len(taken_over) > 1 else "was"
        items.append(
            f"How {fmt.listed(taken_over)} {were} trained is not known here. If that training saw the test examples, "
            "the accuracy is too high, and what pruning costs is too: give data that it never saw as the test set."
        )
    trained = [variant for variant in finished if variant.trained_here]
    if trained and all(len(variant.finished) == 1 for variant in trained):
        items.append("Every network trained here had one seed: nothing is said about another training. Add seeds.")
    if not any(variant.latencies for variant in answers.variants):
        items.append("No latency was measured, so nothing is said about speed.")
    return Finding("Too thin to say", "The evidence leaves these open.", tuple(items)) if items else None


def _thin_speed(answers: Answers, names: Names) -> Iterator[str]:
    for batch in answers.batch_sizes:
        open_ = [pair for pair in with_speedup(answers, batch) if pair[1].verdict is Verdict.INCONCLUSIVE]
        if open_:
            told = [f"{names.full(each)} ({fmt.times_range(speedup)})" for each, speedup in open_]
            yield f"Speed at batch {batch}: {examples(told)}. A larger measure.budget_s narrows the interval."
        untimed = without_speedup(answers, batch)
        if untimed:
            told = [names.full(each) for each in untimed]
            yield (
                f"Speed at batch {batch} is not known for {examples(told)}: no launch timed it undisturbed. Measure on "
                "a quieter machine."
            )


def _thin_accuracy(answers: Answers, names: Names) -> Iterator[str]:
    changes = [
        (each.change.high - each.change.low, each) for each in (*answers.comparable, *answers.quantized) if each.change
    ]
    wide = sorted((pair for pair in changes if pair[0] > 2 * TOLERATED_LOSS), key=lambda pair: -pair[0])
    told = [f"{names.full(each)} ({fmt.points_range(each.change)})" for _, each in wide if each.change]
    if told:
        more = "seeds or test examples" if any(each.trained_here for _, each in wide) else "test examples"
        yield f"Accuracy known no better than ±1 point: {examples(told)}. More {more} would help."


def seeds_apart(answers: Answers, names: Names) -> Finding | None:
    """How much the luck of a training matters, and not where a file is as it came for every seed."""
    spreads = [
        (variant.spread, variant)
        for variant in answers.variants
        if variant.spread is not None and not variant.control and (variant.trained_here or variant.spread > 0)
    ]
    if not spreads:
        return None
    widest, variant = max(spreads, key=lambda pair: pair[0])
    typical = median(spread for spread, _ in spreads)
    text = (
        f"Between the best and the worst seed of a variant lie {100 * typical:.1f} points in the median, at most "
        f"{100 * widest:.1f} ({names.full(variant)}). Differences smaller than that need their interval looked at."
    )
    return Finding("How the seeds spread", text)


def never_learned(answers: Answers, names: Names) -> Finding | None:
    """Originals that learned nothing, but for those of the study's own question about learning."""
    asked = {arm.network for arm in answers.learning.arms} if answers.learning else set()
    pruned = {variant.network for variant in answers.pruned}
    items = []
    for variant in (each for each in answers.variants if each.original and each.unlearned_seeds):
        if variant.network in asked - pruned:
            continue
        bad = [seed for seed in variant.finished if seed.learned is False and not seed.at_chance]
        if not bad:
            continue
        items.append(f"{names.network(variant)}: {len(bad)} of {len(variant.finished)} trainings, {seeds_told(bad)}.")
    if not items:
        return None
    text = (
        "These originals did no better on their training examples than always giving one answer, or got stuck. Pruning "
        "a network that never learned compares nothing: those seeds are left out of means, changes and the frontier. "
        "Mend the training first; test accuracies in brackets."
    )
    return Finding("Did not learn", text, tuple(items), warning=True)


def failed(answers: Answers, names: Names) -> Finding | None:
    """How many results are missing."""
    if not answers.failures:
        return None
    text = f"{fmt.plural(len(answers.failures), 'result')} missing; the rest stands. The reasons are under Failures."
    return Finding("Failed", text, warning=True)


def false_alarm(answers: Answers, names: Names) -> Finding | None:
    """The control called different from itself: a reason not to trust small differences of this run."""
    alarms = [control for control in answers.controls if control.speedup.verdict in (Verdict.FASTER, Verdict.SLOWER)]
    if not alarms:
        return None
    shown = fmt.listed(
        [
            f"{fmt.times(alarm.speedup.value)} ({fmt.times_range(alarm.speedup)}) at batch {alarm.batch}"
            for alarm in alarms
        ]
    )
    text = (
        f"A copy of one network, measured as if it were another, came out different: {shown}. Differences of that "
        f"size in this run may be noise; measure again on a quieter machine or with a larger measure.budget_s."
    )
    return Finding("The control failed", text, warning=True)
