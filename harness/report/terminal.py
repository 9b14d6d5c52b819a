"""A run's answers for the terminal: sentences, a table, and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean
from typing import TYPE_CHECKING, Any

from harness.compare import Answers, Variant, compare
from harness.compare.results import Results
from harness.measure.tables import COLOURS
from harness.report import format as fmt
from harness.report.commands import commands_of
from harness.report.families import crowded, families
from harness.report.findings import Finding, findings
from harness.report.names import Names
from harness.report.shown import left_out, worth_showing
from harness.report.tables.variants import state

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def as_json(results: Results) -> dict[str, Any]:
    """The answers and the sentences, as plain values."""
    answers = compare(results)
    return told_as_json(answers, findings(answers, Names(answers)))


def told_as_json(answers: Answers, told: Iterable[Finding]) -> dict[str, Any]:
    """The same of answers that are there already."""
    return {**answers.model_dump(mode="json"), "findings": [each.as_json() for each in told]}


def dots(results: Results, answers: Answers | None = None) -> list[dict[str, Any]]:
    """Every variant as a dot: accuracy and speed-ups with intervals, widths, McNemar's p-value and the command.

    `answers` are the results', where they are known already.
    """
    answers = answers or compare(results)
    names = Names(answers, commands_of(results))
    return [
        {
            "variant": names.label(variant),
            "accuracy": variant.accuracy.model_dump() if variant.accuracy else None,
            "speedups": {batch: speedup.model_dump(mode="json") for batch, speedup in variant.speedups.items()},
            "loss_p": variant.loss_p,
            "widths": variant.widths,
            "command": names.command(variant) or None,
        }
        for variant in answers.variants
    ]


def terminal_table(results: Results, answers: Answers | None = None) -> Table:
    """The variants of every network: accuracy, change, size, and latency and speed-up at each batch size.

    Those that a report shows. `answers` are the results', where they are known already.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    whole = answers or compare(results)
    answers, names = worth_showing(whole), Names(whole)
    table = Table(title=answers.study, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.caption = left_out(whole, answers) or None
    table.add_column("network, pruned by", overflow="fold")
    headings = ["accuracy %", "points", *(["against trained on"] if answers.longer else []), "KB"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for batch in answers.batch_sizes:
        table.add_column(f"µs at {batch}", justify="right")
        table.add_column(f"speed-up at {batch}", justify="right")
    crowds = families(whole)
    for network in answers.networks:
        table.add_row(Text(names.networks[network], style="bold"))
        for variant in answers.of(network):
            if variant.prune is None or not crowded(whole, network):
                doubt = f" ({state(variant)})" if variant.learned is False else ""
                table.add_row(Text(f"  {names.label(variant)}{doubt}"), *_cells(variant, answers))
        for family in (each for each in crowds if each.network == network):
            table.add_row(Text(f"  {family.name}"), f"{100 * fmean(family.accuracies):.1f}")
        table.add_section()
    return table


def _cells(variant: Variant, answers: Answers) -> Iterable[str | Text]:
    accuracy, change = variant.accuracy, variant.change
    yield f"{100 * accuracy.value:.1f}" if accuracy else fmt.UNKNOWN
    yield fmt.points(change.value) if change else ""
    if answers.longer:
        yield fmt.points(variant.equal_change.value) if variant.equal_change else ""
    yield fmt.kilobytes_range(variant.size_bytes)
    for batch in answers.batch_sizes:
        latency, speedup = variant.latencies.get(batch), variant.speedups.get(batch)
        yield fmt.microseconds(latency.typical_us) if latency else fmt.UNKNOWN
        if speedup is None:
            yield ""
        else:
            yield _colored(f"{fmt.times(speedup.value)} {speedup.verdict.value}", speedup.verdict.value)


def _colored(text: str, verdict: str) -> Text:
    from rich.text import Text

    return Text(text, style=COLOURS.get(verdict, ""))
