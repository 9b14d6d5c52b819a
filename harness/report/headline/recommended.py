"""What to ship: its numbers beside those of the network at hand, what holds of it, and the command that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.compare import Answers, Choice, Variant
from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.commands import shipping
from harness.report.headline.gates import Gate, gates
from harness.report.names import Names

PARTLY = "; in INT8 only the nodes that are faster so"
FEW_BATCHES = 2  # whose speed-ups stand beside each other; of more, each has its own view


@dataclass(frozen=True)
class Fact:
    """A number with its interval, and what it was before."""

    name: str
    value: str
    reach: str = ""
    before: str = ""


@dataclass(frozen=True)
class Recommended:
    """One choice, `advice` saying what it is worth, and `beside` instead of what, or beside what it stays.

    `row` is its place among all variants, from 1; `commands` are what each does, and the command.
    """

    advice: str
    name: str
    row: int
    beside: str
    facts: tuple[Fact, ...]
    gates: tuple[Gate, ...]
    commands: tuple[tuple[str, str], ...]


def recommended(results: Results, answers: Answers, names: Names) -> tuple[Recommended, ...]:
    """One for each choice, in their order: a variant, or the reference where nothing is shown to be faster."""
    return tuple(_recommended(choice, results, answers, names) for choice in answers.choices)


def _recommended(choice: Choice, results: Results, answers: Answers, names: Names) -> Recommended:
    reference = answers.variant(choice.reference)
    if choice.variant is None:
        return _kept(choice, reference, results, names, answers)
    variant = answers.variant(choice.variant)
    if choice.costly:
        commands = ((f"Keep {names.full(reference)}", shipping(results, reference)[1]),)
    else:
        commands = (shipping(results, variant, _bounds(choice, reference, results)),)
    return Recommended(
        advice=f"{_advice(choice)}, batch {choice.batch}",
        name=names.full(variant),
        row=_row(variant, answers),
        beside=f"instead of {names.full(reference)}{PARTLY if variant.quantize == 'auto' else ''}",
        facts=tuple(_facts(choice, variant, reference)),
        gates=gates(choice, variant, answers),
        commands=commands,
    )


def _row(variant: Variant, answers: Answers) -> int:
    return [each.key for network in answers.networks for each in answers.of(network)].index(variant.key) + 1


def _kept(choice: Choice, reference: Variant, results: Results, names: Names, answers: Answers) -> Recommended:
    """What is there stays."""
    latencies = {batch: fmt.duration(each.typical_us) for batch, each in reference.latencies.items()}
    facts = [Fact(f"Latency, batch {batch}", told) for batch, told in latencies.items()]
    if reference.accuracy is not None:
        value, reach = fmt.percent(reference.accuracy.value), fmt.percent_range(reference.accuracy)
        facts.append(Fact("Accuracy", value, reach))
    return Recommended(
        advice=f"Recommended, batch {choice.batch}: what there is",
        name=names.full(reference),
        row=_row(reference, answers),
        beside=f"of {fmt.plural(choice.others, 'other')} none is shown to be faster",
        facts=tuple(facts),
        gates=gates(choice, reference, answers),
        commands=(shipping(results, reference),),
    )


def _advice(choice: Choice) -> str:
    if choice.safe:
        return "Recommended"
    return "Not recommended, but nearest" if choice.costly else "Nearest; not shown to be safe"


def _bounds(choice: Choice, reference: Variant, results: Results) -> tuple[str, ...]:
    """Options of `harness validate`: where it will run it shall be faster than what it replaces was here."""
    latency = reference.latencies.get(choice.batch)
    if latency is None:
        return ()
    us = latency.typical_us
    batch = () if choice.batch == 1 else ("--batch", str(choice.batch))
    threads = () if results.spec.threads == 1 else ("--threads", str(results.spec.threads))
    return ("--max-latency-us", f"{us:.0f}" if us >= 100 else f"{us:.3g}", *batch, *threads)


def _facts(choice: Choice, variant: Variant, reference: Variant) -> Iterator[Fact]:
    few = len(choice.speedups) <= FEW_BATCHES
    for batch, speedup in choice.speedups.items():
        if not few and batch != choice.batch:
            continue
        before, after = reference.latencies.get(batch), variant.latencies.get(batch)
        known = before is not None and after is not None
        yield Fact(
            f"Speed-up, batch {batch}",
            fmt.times(speedup.value),
            fmt.times_range(speedup),
            f"{fmt.duration(before.typical_us)} → {fmt.duration(after.typical_us)}" if known else "",  # type: ignore[union-attr]
        )
    if choice.change is not None and variant.accuracy is not None and reference.accuracy is not None:
        yield Fact(
            "Accuracy, points",
            fmt.points(choice.change.value),
            fmt.points_range(choice.change),
            f"{fmt.percent(reference.accuracy.value)} → {fmt.percent(variant.accuracy.value)}",
        )
    if choice.equal_change is not None:
        yield Fact(
            "Points, equal training",
            fmt.points(choice.equal_change.value),
            fmt.points_range(choice.equal_change),
            "",
        )
    if variant.size_bytes and reference.size_bytes:
        ratio = reference.size_bytes[1] / variant.size_bytes[1]
        sizes = [fmt.kilobytes_range(each.size_bytes) for each in (reference, variant)]
        yield Fact("Smaller file", fmt.times(ratio), "", f"{' → '.join(sizes)}{fmt.SPACE}KB")
