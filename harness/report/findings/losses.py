"""Which losses of accuracy are real, and what choosing channels and keeping their weights was worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import stats
from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.findings.common import MANY, Finding, first_few
from harness.report.names import Names

LIKELY = 1 - stats.CONFIDENCE


def real_losses(answers: Answers, names: Names) -> Finding | None:
    """By McNemar's test where one training is judged; said where widths were chosen by latency."""
    tested = [each for each in answers.comparable if each.loss_p is not None and each.change is not None]
    if not any(each.prune and each.prune.by_latency for each in tested):
        return None
    worse = [each for each in tested if _changed(each) < 0]
    better = [each for each in tested if _changed(each) > 0]
    open_ = [each for each in tested if _changed(each) == 0]
    items = []
    if worse:
        items.append(f"Lost for certain: {_listed(worse, names)}.")
    if better:
        items.append(f"Won for certain: {_listed(better, names)}.")
    if open_:
        items.append(f"Not shown to differ: {_listed(open_, names)}.")
    tuned = ", trained on for as long where it was tuned" if answers.longer else ""
    text = (
        f"McNemar's exact test of each pruned network against its original{tuned}, on the test examples that only one "
        f"of them gets right, corrected for {fmt.plural(len(tested), 'test')} by Holm's method."
    )
    return Finding("Which losses are real", text, tuple(items))


def _changed(variant: Variant) -> int:
    """-1 or +1 where the test says that it lost or won accuracy, else 0."""
    tested = variant.equal_change or variant.change
    if tested is None or variant.loss_p is None or variant.loss_p > LIKELY:
        return 0
    return 1 if tested.value > 0 else -1


def _listed(variants: Sequence[Variant], names: Names) -> str:
    many = len({variant.network for variant in variants}) > 1
    told = []
    for variant in variants:
        tested = variant.equal_change or variant.change
        points = fmt.points(tested.value) if tested is not None else fmt.UNKNOWN
        name = names.full(variant) if many else names.label(variant)
        told.append(f"{name} ({points} points, {fmt.p_value(variant.loss_p or 0.0)})")
    return "; ".join(first_few(told, 2 * MANY, "variants"))


def worth_of_choosing(answers: Answers, names: Names) -> Finding | None:
    """The chosen channels beside random ones and new weights at the same widths; None where there are no baselines."""
    chosen = [each for each in answers.comparable if each.prune and each.prune.baseline is None]
    items = [line for each in chosen for line in _beside(each, answers, names)]
    if not items:
        return None
    text = (
        "At the same widths, and so at the same speed: what random channels, recovered in the same way, and new "
        "weights come to. Where they do as well, it is the widths that count, not the choice. Uniform pruning, where "
        "it stands beside, loses the same share of every layer, the least that is predicted to be as fast."
    )
    return Finding("What the choice was worth", text, tuple(first_few(items, MANY, "such comparisons")))


def _beside(variant: Variant, answers: Answers, names: Names) -> Iterator[str]:
    own = variant.prune
    others = [
        each
        for each in answers.of(variant.network)
        if each.prune and each.prune.baseline and own and each.accuracy
        if (each.prune.speedup, each.prune.max_latency_us, each.prune.ratio)
        == (own.speedup, own.max_latency_us, own.ratio)
    ]
    if variant.accuracy is None or not others:
        return
    told = [_told(each) for each in others]
    accuracy = f"{fmt.percent(variant.accuracy.value)} ({fmt.percent_range(variant.accuracy)})"
    yield f"{names.full(variant)}: {accuracy}; {'; '.join(told)}."


def _speeds(variant: Variant) -> str:
    """How fast it turned out to be, at each batch size: ` at 1.52× and 1.49×`."""
    found = [fmt.times(speedup.value) for speedup in variant.speedups.values()]
    return f" at {fmt.listed(found)}" if found else ""


def _told(variant: Variant) -> str:
    assert variant.accuracy is not None
    assert variant.prune is not None
    what = "random channels"
    if variant.prune.baseline == "uniform":
        what = f"uniform{_speeds(variant)}"
    if variant.prune.baseline == "scratch":
        what = f"new weights, {fmt.plural(variant.prune.finetune_epochs, 'epoch')}"
    return f"{what} {fmt.percent(variant.accuracy.value)} ({fmt.percent_range(variant.accuracy)})"
