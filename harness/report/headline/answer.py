"""The answer in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import TOLERATED_LOSS, Answers, Choice
from harness.report import format as fmt
from harness.report.findings import Finding
from harness.report.names import Names

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
        return (
            (f"Keep {reference}: ", True),
            (f"{others} {shown} shown to be faster at batch {choice.batch}.", False),
        )
    name, speedup = names.full(answers.variant(choice.variant)), choice.speedups[choice.batch]
    gain = (f"{fmt.times(speedup.value)} as fast", True)
    assert choice.change is not None
    change = (f"{fmt.points(choice.change.value)}{fmt.SPACE}points", True)
    if choice.safe:
        lead = ((f"Ship {name}: ", True), gain, (f" at batch {choice.batch} for ", False), change)
        return (*lead, (f" of accuracy, shown to lose less than {POINT}.", False))
    if choice.costly:
        return (
            (f"Keep {reference}: ", True),
            (f"the nearest that is faster, {name}, is ", False),
            gain,
            (f" at batch {choice.batch} for ", False),
            change,
            (" of accuracy.", False),
        )
    return (
        ("Best candidate: ", False),
        (name, True),
        (", ", False),
        gain,
        (f" at batch {choice.batch} for ", False),
        change,
        (f" of accuracy; not shown to lose less than {POINT}.", False),
    )
