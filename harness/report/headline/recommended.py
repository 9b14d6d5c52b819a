"""What to ship: its numbers beside those of the network at hand, what holds of it, and the command that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.compare import Answers, Choice, Variant
from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.commands import shipping
from harness.report.headline.gates import Gate, gates
from harness.report.names import Names


@dataclass(frozen=True)
class Fact:
    """A number with its interval, and what it was before."""

    name: str
    value: str
    reach: str = ""
    before: str = ""


@dataclass(frozen=True)
class Recommended:
    """One choice, `advice` saying what it is worth; `commands` are what each does, and the command."""

    advice: str
    name: str
    reference: str
    facts: tuple[Fact, ...]
    gates: tuple[Gate, ...]
    commands: tuple[tuple[str, str], ...]


def recommended(results: Results, answers: Answers, names: Names) -> tuple[Recommended | None, ...]:
    """One for each choice, in their order; None where the original stays the best."""
    return tuple(_recommended(choice, results, answers, names) for choice in answers.choices)


def _recommended(choice: Choice, results: Results, answers: Answers, names: Names) -> Recommended | None:
    if choice.variant is None:
        return None
    variant, reference = answers.variant(choice.variant), answers.variant(choice.reference)
    return Recommended(
        advice=f"{_advice(choice)}, batch {choice.batch}",
        name=names.full(variant),
        reference=names.full(reference),
        facts=tuple(_facts(choice, variant, reference)),
        gates=gates(choice, variant, answers),
        commands=(shipping(results, variant),),
    )


def _advice(choice: Choice) -> str:
    if choice.safe:
        return "Recommended"
    return "Not recommended, but nearest" if choice.costly else "Nearest; not shown to be safe"


def _facts(choice: Choice, variant: Variant, reference: Variant) -> Iterator[Fact]:
    for batch, speedup in choice.speedups.items():
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
            "Against it trained on",
            fmt.points(choice.equal_change.value),
            fmt.points_range(choice.equal_change),
            "",
        )
    if variant.size_bytes and reference.size_bytes:
        ratio = reference.size_bytes[1] / variant.size_bytes[1]
        sizes = [fmt.kilobytes_range(each.size_bytes) for each in (reference, variant)]
        yield Fact("Smaller file", fmt.times(ratio), "", f"{' → '.join(sizes)}{fmt.SPACE}KB")
