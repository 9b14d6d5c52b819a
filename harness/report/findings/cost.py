"""What pruning and the study's other choices cost in accuracy and buy in speed."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare import TOLERATED_LOSS, Answers, Choice, SpeedUp, Variant, Verdict
from harness.report import format as fmt
from harness.report.families import Family, families
from harness.report.findings.common import MANY, Finding, comparable_of, first_few
from harness.report.names import Names, changed


def best_buy(answers: Answers, names: Names) -> Finding | None:
    """The largest gain over the network at hand that is shown to cost less than what is tolerated."""
    found = [choice for choice in answers.choices if choice.variant is not None]
    if not found:
        return None
    references = fmt.listed(list(dict.fromkeys(names.full(answers.variant(choice.reference)) for choice in found)))
    text = (
        f"The largest speed-up over {references} whose whole 95 % interval keeps the loss of accuracy under "
        f"{100 * TOLERATED_LOSS:g} point"
    )
    text += ", also against the original trained on for as long." if answers.longer else "."
    several = len({choice.arena for choice in found}) > 1
    items = [
        f"Batch {choice.batch}{f', {choice.arena}' if several else ''}: {_choice_told(choice, answers, names)}"
        for choice in found
    ]
    return Finding("Best buy", text, tuple(items))


def _choice_told(choice: Choice, answers: Answers, names: Names) -> str:
    assert choice.variant is not None
    speedup = choice.speedups[choice.batch]
    lead = "" if choice.safe else "none of the faster ones is shown to cost so little; nearest is "
    gain = f"{fmt.times(speedup.value)} as fast ({fmt.times_range(speedup)})"
    return f"{lead}{names.full(answers.variant(choice.variant))}: {gain} for {cost(choice)}."


def cost(found: Variant | Choice) -> str:
    """A change of accuracy in words: `−0.6 points (−1.1 to −0.2), and −0.7 … against the original trained on`."""
    if found.change is None:
        return "an unknown change in accuracy"
    told = f"{fmt.points(found.change.value)} points ({fmt.points_range(found.change)})"
    if found.equal_change is None:
        return told
    equal = f"{fmt.points(found.equal_change.value)} ({fmt.points_range(found.equal_change)})"
    return f"{told}, and {equal} against the original trained on"


def costs_and_gains(answers: Answers, names: Names) -> Finding | None:
    """One line a network: what each pruning of it costs and buys."""
    pruned, crowds = answers.comparable, families(answers)
    items = []
    for network in answers.networks:
        original = next((variant for variant in answers.of(network) if variant.original), None)
        variants = comparable_of(answers, network)
        if original is not None and original.accuracy is not None and variants:
            together = [family for family in crowds if family.network == network and not family.control]
            told = [_family_told(each) for each in together] or [
                _variant_told(each, answers.batch_sizes, names) for each in variants
            ]
            items.append(f"{names.network(original)} ({_unpruned(answers, network, names)}). {'; '.join(told)}.")
    if not items:
        return None
    batches = fmt.listed([str(batch) for batch in answers.batch_sizes])
    measured = any(variant.speedups for variant in pruned)
    speed = f", then speed-up at batch {batches}" if measured else ""
    equal = " (in brackets against that original trained on for as long)" if answers.longer else ""
    text = f"By amount pruned: change in accuracy against the original in percentage points{equal}{speed}."
    if names.tuning_note():
        text += f" {names.tuning_note()}"
    return Finding("What pruning costs and buys", text, tuple(first_few(items, MANY, "networks in the table")))


def _unpruned(answers: Answers, network: str, names: Names) -> str:
    """The accuracy of what was not pruned: `97.2 % unpruned, 97.4 % trained on`."""
    found = [each for each in answers.of(network) if not each.derived and each.accuracy]
    told = [
        (names.label(each).replace("original, ", "").replace("original", "unpruned"), each.accuracy) for each in found
    ]
    return ", ".join(f"{fmt.percent(accuracy.value)} {label}" for label, accuracy in told if accuracy)


def _variant_told(variant: Variant, batch_sizes: Sequence[int], names: Names) -> str:
    equal = f" ({fmt.points(variant.equal_change.value)})" if variant.equal_change else ""
    change = f"{fmt.points(variant.change.value)} points{equal}" if variant.change else "change unknown"
    gains = [_gain(variant.speedups.get(batch)) for batch in batch_sizes if variant.speedups]
    return f"{names.label(variant)}: {', '.join([change, fmt.listed(gains)] if gains else [change])}"


def _family_told(family: Family) -> str:
    """Many prunings of a kind together."""
    changes = family.changes
    if not changes:
        return f"{family.name}: change unknown"
    equal = f" ({_span(family.equal_changes)})" if family.equal_changes else ""
    return f"{family.name}: {_span(changes)} points{equal}"


def _span(changes: Sequence[float]) -> str:
    return f"{fmt.points(min(changes))} to {fmt.points(max(changes))}"


def _gain(speedup: SpeedUp | None) -> str:
    if speedup is None:
        return "not timed"
    unsure = " (inconclusive)" if speedup.verdict is Verdict.INCONCLUSIVE else ""
    return f"{fmt.times(speedup.value)}{unsure}"


def factors_alone(answers: Answers, names: Names) -> Finding | None:
    """What each factor does to the unpruned networks; of those in a factorial about learning, what was measured."""
    items = []
    models = {variant.model: names.model(variant) for variant in answers.variants}
    elsewhere = answers.learning is not None and bool(answers.learning.effects)
    for contrast in (each for each in answers.contrasts if each.speedups or not elsewhere):
        same = f" ({', '.join(f'{key} {value}' for key, value in contrast.same.items())})" if contrast.same else ""
        told = (
            [f"{fmt.points(contrast.change.value)} points ({fmt.points_range(contrast.change)})"]
            if contrast.change
            else []
        )
        told += [
            f"{fmt.times(speedup.value)} as fast at batch {batch} ({fmt.times_range(speedup)})"
            for batch, speedup in contrast.speedups.items()
        ]
        if told:
            items.append(f"{models[contrast.model]}{same}, {changed(contrast)}: {', '.join(told)}.")
    if not items:
        return None
    text = "One factor changed in the unpruned network, all else equal: accuracy in points, and speed."
    return Finding(
        "What the other choices cost and buy", text, tuple(first_few(items, MANY, "comparisons of this kind"))
    )
