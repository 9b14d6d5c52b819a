"""A variant as a point of a frontier chart: where it stands, how sure that is, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.compare import Answers, Choice, Variant
from harness.compare.frontier import eligible
from harness.report import format as fmt
from harness.report.charts.figure import tip
from harness.report.names import Names, widths_told

# A variant this much less accurate than the best would flatten all others: it is left out, and named.
FLATTENING = 0.15


@dataclass(frozen=True)
class Point:
    """Accuracies in % and latencies in µs, with their 95 % intervals.

    `label` stands beside it where there is room. `number` is its place on the frontier from the fastest, None off it.
    `role` is `reference`, `choice` or empty. `told` are names and values for its tooltip, such as its widths and the
    command that makes it.
    """

    network: str
    variant: str
    label: str
    accuracy: float
    low: float
    high: float
    latency: float
    latency_low: float
    latency_high: float
    number: int | None
    told: tuple[tuple[str, str], ...]
    role: str = ""
    parameters: int = 0

    def row(self) -> dict[str, Any]:
        """As a chart takes it."""
        made = {key: value for key, value in asdict(self).items() if key != "told"}
        return {
            **made,
            "on": self.number is not None,
            "tip": tip(*self.told),
            "latency_text": fmt.duration(self.latency),
        }


def point_of(variant: Variant, batch: int, names: Names, number: int | None, role: str = "") -> Point:
    """An eligible variant at a batch size."""
    assert variant.accuracy is not None
    accuracy, latency = variant.accuracy, variant.latencies[batch]
    low_us, high_us = latency.low_us or latency.typical_us, latency.high_us or latency.typical_us
    speedup = variant.speedups.get(batch)
    reach = "" if latency.low_us is None else f" ({fmt.microseconds(low_us)} to {fmt.microseconds(high_us)})"
    return Point(
        network=names.network(variant),
        variant=names.label(variant),
        label=names.brief(variant),
        accuracy=100 * accuracy.value,
        low=100 * accuracy.low,
        high=100 * accuracy.high,
        latency=latency.typical_us,
        latency_low=low_us,
        latency_high=high_us,
        number=number,
        told=(
            ("Network", names.network(variant)),
            ("Variant", names.label(variant)),
            ("Accuracy", f"{fmt.percent(accuracy.value)} ({fmt.percent_range(accuracy)})"),
            ("Latency", f"{fmt.duration(latency.typical_us)}{reach}"),
            ("Speed-up over the original", fmt.times(speedup.value) if speedup else ""),
            ("Parameters", fmt.count_range(variant.parameters)),
            ("Standing", variant.places[batch].standing.value),
            ("Channels kept", widths_told(variant)),
            ("Command", names.command(variant)),
        ),
        role=role,
        parameters=variant.parameters[0] if variant.parameters else 0,
    )


def points_of(choice: Choice, answers: Answers, names: Names) -> tuple[Point, ...]:
    """All that stands in the choice's arena at its batch size, less what would flatten the rest."""
    drawn, _ = drawable(answers, choice.arena, choice.batch, (choice.variant, choice.reference))
    roles = {choice.variant: "choice", choice.reference: "reference"}
    numbers = {each.key: number for number, each in enumerate(answers.frontier(choice.arena, choice.batch), 1)}
    return tuple(point_of(each, choice.batch, names, numbers.get(each.key), roles.get(each.key, "")) for each in drawn)


def drawable(
    answers: Answers, arena: str, batch: int, always: Sequence[str | None] = ()
) -> tuple[list[Variant], list[Variant]]:
    """The variants that a frontier chart shows, and those that it leaves out since they would flatten the rest.

    Those with keys in `always` are shown even so.
    """
    found = [each for each in answers.variants if each.arena == arena and eligible(each, batch)]
    least = max((_accuracy(each) for each in found), default=0.0) - FLATTENING
    shown = {each.key for each in found if _accuracy(each) >= least or each.key in always}
    return [each for each in found if each.key in shown], [each for each in found if each.key not in shown]


def left_out(hidden: Sequence[Variant], names: Names) -> str:
    """A sentence about what is not drawn; empty where all is."""
    if not hidden:
        return ""
    listed = "; ".join(f"{names.full(variant)} ({fmt.percent(_accuracy(variant))})" for variant in hidden)
    return f" Not drawn, more than {100 * FLATTENING:g} points below the best: {listed}."


def _accuracy(variant: Variant) -> float:
    return variant.accuracy.value if variant.accuracy else 0.0
