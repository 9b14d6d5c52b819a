"""An evaluation in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from harness.measure.accuracy.evaluation import Difference, EvaluatedModel, Evaluation, Share

DOUBT = "; does it take other numbers (--scale raw or unit), or another order of the classes?"


def sentences(found: Evaluation) -> tuple[str, ...]:
    """What was found, a line each: each file's accuracy, how two differ, and what casts doubt on it."""
    lines = [line for model in found.models for line in _of_model(model, found)]
    return (*lines, *_of_difference(found))


def _of_model(model: EvaluatedModel, found: Evaluation) -> Iterator[str]:
    fed_right = any(each.above_chance for each in found.models)  # then the numbers and classes are not to blame
    yield (
        f"{model.path}, on {model.device}: {interval(model.accuracy)} of {found.examples:,} examples right "
        f"({found.data}); always giving the commonest class would be {100 * found.chance:.1f} %"
    )
    if model.layout == "channels first":
        yield f"{model.path}: its input has the channels first, so they were moved there"
    if model.no_answer:
        yield f"{model.path}: gave NaN for {model.no_answer:,} examples, which count as wrong"
    if not model.above_chance:
        yield f"{model.path}: no better than chance{'' if fed_right else DOUBT}"


def _of_difference(found: Evaluation) -> Iterator[str]:
    if found.difference is None:
        return
    one = found.difference
    said = {
        "better": "the second is more accurate",
        "worse": "the second is less accurate",
        "inconclusive": "no difference is shown",
    }[one.verdict]
    yield (
        f"{said}: {points(one)} points; only the first is right on {one.only_first:,} examples, only the second on "
        f"{one.only_second:,} (McNemar's exact test, p = {one.p_value:.2g})"
    )


def interval(share: Share) -> str:
    """`97.4 % (95 % interval 96.2 to 98.2)`."""
    return f"{100 * share.value:.1f} % (95 % interval {100 * share.low:.1f} to {100 * share.high:.1f})"


def points(one: Difference) -> str:
    """`-1.2 (-2.0 to -0.4)`, in percentage points."""
    return f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
