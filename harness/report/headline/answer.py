"""The answer in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import TOLERATED_LOSS, Answers, Choice, Variant
from harness.report import format as fmt
from harness.report.findings import Finding
from harness.report.names import BESIDE_LONGER, Names

# A sentence in parts, each with whether it is what matters most.
Headline = tuple[tuple[str, bool], ...]
POINT = f"{100 * TOLERATED_LOSS:g} point"


def headline(answers: Answers, names: Names, told: Sequence[Finding]) -> Headline:
    """What to ship and what it costs; else the first thing that the run says."""
    if answers.unanswered:
        which = fmt.listed([names.full(variant) for variant in answers.unanswered])
        return (("Nothing is concluded: ", False), (f"{which} is no better than chance.", True))
    if answers.choices:
        return _of_choice(answers.choices[0], answers, names)
    first = next((finding for finding in told if not finding.warning), None) or next(iter(told), None)
    if first is None:
        return (("The run has nothing to say yet.", False),)
    sentence = first.text if len(first.text) < 90 or not first.items else first.items[0]
    return ((f"{first.title}: ", True), (sentence, False))


def _of_choice(choice: Choice, answers: Answers, names: Names) -> Headline:
    reference = names.full(answers.variant(choice.reference))
    if choice.variant is None:
        others = f"none of the {choice.others} others" if choice.others > 1 else "the other one"
        shown = "is" if choice.others > 1 else "is not"
        unknown = _unmeasured(choice, answers)
        more = f", and of {fmt.plural(unknown, 'variant')} the speed is not known" if unknown else ""
        return (
            (f"Keep {reference}: ", True),
            (f"{others} {shown} shown to be faster at batch {choice.batch}{more}.", False),
        )
    name, speedup = names.full(answers.variant(choice.variant)), choice.speedups[choice.batch]
    gain = (f"{fmt.times(speedup.value)} as fast", True)
    accuracy = (_accuracy(answers.variant(choice.reference), answers.variant(choice.variant)), True)
    at = f" at batch {choice.batch}"
    beside = f" {BESIDE_LONGER}" if choice.worse_beside_longer else ""
    if choice.safe:
        end = (f", shown to lose less than {POINT}{beside}.", False)
        return ((f"Ship {name}: ", True), gain, (f"{at}, ", False), accuracy, end)
    if choice.costly:
        nearest = (f"the nearest that is faster, {name}, is ", False)
        return ((f"Keep {reference}: ", True), nearest, gain, (f"{at}, but ", False), accuracy, (".", False))
    lost = f"{-100 * choice.lowest:.1f}"
    return (
        ("Best candidate: ", False),
        (name, True),
        (", ", False),
        gain,
        (f"{at}, ", False),
        accuracy,
        (f"; a loss of {lost} points{beside} can’t be ruled out.", False),
    )


def _unmeasured(choice: Choice, answers: Answers) -> int:
    """How many pruned or quantized variants failed, or were exported and not timed."""
    networks = {each.network for each in answers.variants if each.arena == choice.arena}
    found = [each for each in answers.variants if each.derived and each.network in networks and not each.baseline]
    return sum(choice.batch not in each.latencies for each in found if each.architectures or not each.finished)


def _accuracy(before: Variant, after: Variant) -> str:
    """`accuracy 95.7 → 96.0 %`."""
    assert before.accuracy is not None
    assert after.accuracy is not None
    return f"accuracy{fmt.SPACE}{100 * before.accuracy.value:.1f} → {fmt.percent(after.accuracy.value)}"
