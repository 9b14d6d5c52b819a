"""What a run says, in plain sentences, most useful first. All are computed; what has nothing to say is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.compare import Answers
from harness.report.findings.chance import at_chance
from harness.report.findings.common import Finding
from harness.report.findings.cost import best_buy, costs_and_gains, factors_alone
from harness.report.findings.doubts import failed, false_alarm, never_learned, seeds_apart, too_thin
from harness.report.findings.kernel import kernel_rows
from harness.report.findings.learning import which_learned
from harness.report.findings.losses import real_losses, worth_of_choosing
from harness.report.findings.precision import other_precisions
from harness.report.findings.speed import not_faster, on_the_frontier
from harness.report.findings.widths import latency_chosen
from harness.report.names import Names

__all__ = ["Finding", "findings", "lines_of"]


def findings(answers: Answers, names: Names) -> tuple[Finding, ...]:
    """All that is worth saying, warnings first."""
    writers: tuple[Callable[[Answers, Names], Finding | None], ...] = (
        at_chance,
        which_learned,
        best_buy,
        costs_and_gains,
        latency_chosen,
        other_precisions,
        real_losses,
        worth_of_choosing,
        factors_alone,
        on_the_frontier,
        not_faster,
        kernel_rows,
        too_thin,
        seeds_apart,
        never_learned,
        failed,
        false_alarm,
    )
    written = [finding for finding in (write(answers, names) for write in writers) if finding is not None]
    return tuple(sorted(written, key=lambda finding: not finding.warning))


def lines_of(told: Iterable[Finding]) -> Iterator[str]:
    """Findings as lines of text, what they stand on indented."""
    for finding in told:
        yield f"{finding.title}. {finding.text}"
        yield from (f"  {item}" for item in finding.items)
