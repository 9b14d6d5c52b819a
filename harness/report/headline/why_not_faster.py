"""Why no dot further left in the chart, and above its dotted line, is the recommended one: in a line."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import TOLERATED_LOSS, Answers, Choice, PassedOver, Variant
from harness.report import format as fmt
from harness.report.names import BESIDE_LONGER, Names

FEW, SHORT = 2, 40  # variants that are named, if in so many characters; else their number is told


def why_not_faster(choice: Choice, answers: Answers, names: Names) -> str:
    """What speaks against the faster variants that are drawn above the line of what may be lost; empty without any.

    What lies below that line needs no words.
    """
    drawn = {variant.key: variant for variant in answers.variants}
    reference = answers.variant(choice.reference).accuracy
    groups: dict[str, list[PassedOver]] = {"unsure": [], "loses": [], "slow": [], "baseline": [], "": []}
    for each in choice.passed_over:
        accuracy = drawn[each.variant].accuracy if each.variant in drawn else None
        if accuracy and reference and accuracy.value > reference.value - TOLERATED_LOSS:
            groups[_reason(each, drawn[each.variant])].append(each)
    told = []
    for reason, passed in groups.items():
        if reason and passed:
            named = fmt.listed([names.brief(drawn[each.variant]) for each in passed])
            few = len(passed) <= FEW and len(named) <= SHORT
            several = "one" if len(passed) == 1 else fmt.count(len(passed))
            told.append(f"{named if few else f'{several} of them'} {_told(reason, passed)}")
    return f"{'; '.join(told)}." if told else ""


def _reason(passed: PassedOver, variant: Variant) -> str:
    """Empty where nothing speaks against it but that the choice's own measured speed-up is larger still."""
    if variant.baseline:
        return "baseline"
    if not passed.faster:
        return "slow"
    if passed.costly:
        return "loses"
    return "unsure" if passed.lowest <= -TOLERATED_LOSS else ""


def _told(reason: str, passed: Sequence[PassedOver]) -> str:
    """What is said of one variant, or of several."""
    several = len(passed) > 1
    if reason == "baseline":
        return "are only for comparison" if several else "is only for comparison"
    if reason == "slow":
        return "are not shown to be faster" if several else "is not shown to be faster"
    verb = "may lose" if reason == "unsure" else "lose" if several else "loses"
    losses = sorted(-each.lowest if reason == "unsure" else _lost(each) for each in passed)
    least, most = (f"{100 * loss:.1f}" for loss in (losses[0], losses[-1]))
    longer = f" {BESIDE_LONGER}" if any(each.worse_beside_longer for each in passed) else ""
    return f"{verb} {least if least == most else f'{least} to {most}'} points{longer}"


def _lost(passed: PassedOver) -> float:
    """By the worse of the two changes, as they were measured."""
    return -min(change.value for change in (passed.change, passed.equal_change) if change is not None)
