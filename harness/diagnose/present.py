"""A diagnosis for the terminal: findings worst first, then the network layer by layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.diagnose.findings import Diagnosis, Finding, LayerPicture

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

WIDEST = 100  # longer lines of prose are hard to read
MOST_LAYERS = 40
BAR = 8
COLOURS = {"stops learning": "bold red", "slows learning": "bold yellow", "note": "bold cyan"}


def diagnosis_parts(diagnosis: Diagnosis) -> list[RenderableType]:
    """What to print, in order."""
    parts: list[RenderableType] = [*_summary(diagnosis), ""]
    for number, finding in enumerate(diagnosis.findings, start=1):
        parts += [_headline(number, finding), _details(finding), ""]
    if diagnosis.layers:
        parts.append(layer_table(diagnosis.layers, {f.where for f in diagnosis.findings if f.where}))
    return parts + [_plain(f"not looked at: {reason}") for reason in diagnosis.unchecked]


def _summary(diagnosis: Diagnosis) -> list[RenderableType]:
    from rich.text import Text

    severities = [finding.severity for finding in diagnosis.findings]
    stop, slow = severities.count("stops learning"), severities.count("slows learning")
    notes = severities.count("note")
    counts = {
        f"{stop} finding{'s stop' if stop > 1 else ' stops'} learning": stop,
        f"{slow}{'' if stop else ' finding' + 's' * (slow > 1)} slow{'s' * (slow == 1)} learning": slow,
        f"{notes} worth a note": notes,
    }
    text = ", ".join(words for words, count in counts.items() if count)
    said = text or "nothing found that keeps it from learning"
    return [Text(f"{diagnosis.model}: {said}", style="bold"), _plain(_conditions(diagnosis))]


def _conditions(diagnosis: Diagnosis) -> str:
    """What was looked at, and with which loss and optimizer."""
    line = f"{diagnosis.loss}, {diagnosis.optimizer} at {diagnosis.learning_rate:g}, Keras on {diagnosis.backend}"
    if not diagnosis.examples:
        return line
    line += f"; {diagnosis.examples} examples"
    if len(diagnosis.losses) > 1:
        first, last = diagnosis.losses[0], diagnosis.losses[-1]
        line += f", {len(diagnosis.losses) - 1} steps on a copy: loss {_number(first)} → {_number(last)}"
        if diagnosis.penalties:
            first, last = diagnosis.penalties[0], diagnosis.penalties[-1]
            line += f", penalties {_number(first)} → {_number(last)}"
    return line


def _headline(number: int, finding: Finding) -> RenderableType:
    from rich.text import Text

    text = Text(f"{number}. ", style="bold")
    text.append(finding.severity.upper(), style=COLOURS[finding.severity])
    likely = ", likely" if finding.certainty == "likely" else ""
    return text.append(f"  {finding.kind}{likely}", style="")


def _details(finding: Finding) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    rows = {
        "what": finding.what,
        "where": finding.where,
        "evidence": finding.evidence.text,
        "why": finding.why,
        "cure": finding.cure,
        "proof": finding.untried if finding.proof is None else finding.proof.text,
    }
    table = Table.grid(padding=(0, 1))
    table.width = None
    table.add_column(width=11, justify="right")
    table.add_column(overflow="fold", max_width=WIDEST - 12)
    for name, text in rows.items():
        if text is not None:
            style = "bold" if name in ("what", "cure") else ""
            table.add_row(Text(name, style="dim"), Text(text, style=style))
    return table


def layer_table(layers: Sequence[LayerPicture], marked: set[str]) -> Table:
    """A line for each layer with weights, its activation taken with it; the bars are logarithmic.

    Of more than 40 layers some are left out, evenly, but none of those in `marked`.
    """
    from rich import box
    from rich.table import Table

    rows = _rows(layers)
    shown = _some(rows, marked)
    left_out = f", {len(shown)} of {len(rows)}; all with --json" if len(shown) < len(rows) else ""
    table = Table(
        title=f"Layers before any step{left_out}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("layer", overflow="fold")
    table.add_column("kind", overflow="fold")
    for name in ("output", "spread", "", "gradient", "", "dead"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    spreads, gradients = _bars([row.spread for row in shown]), _bars([row.gradient for row in shown])
    for row, spread, gradient in zip(shown, spreads, gradients, strict=True):
        shape = "x".join(map(str, row.shape))
        dead = "" if row.dead is None else f"{row.dead:.0%}"
        table.add_row(row.layer, row.kind, shape, _number(row.spread), spread, _number(row.gradient), gradient, dead)
    return table


def _rows(layers: Sequence[LayerPicture]) -> list[LayerPicture]:
    """The layers that have a gradient, each with its activation; what a Softmax takes says more than what it makes."""
    rows: list[LayerPicture] = []
    for layer in layers:
        if layer.gradient is not None:
            rows.append(layer)
        elif rows and rows[-1].layer == layer.layer:
            row = rows[-1]
            made = row if layer.kind == "softmax" else layer
            rows[-1] = made.model_copy(update={"kind": f"{row.kind} {layer.kind}", "gradient": row.gradient})
    return rows or list(layers)


def _some(rows: list[LayerPicture], marked: set[str]) -> list[LayerPicture]:
    step = math.ceil(len(rows) / MOST_LAYERS)
    return [row for i, row in enumerate(rows) if i % step == 0 or i == len(rows) - 1 or row.layer in marked]


def _bars(values: Sequence[float | None]) -> list[str]:
    """A bar for each value, logarithmic from the least to the largest; none where all are within a factor of ten."""
    logs = [math.log10(value) if value else None for value in values]
    known = [log for log in logs if log is not None]
    if not known or max(known) - min(known) < 1:
        return ["" for _ in values]
    low, high = min(known), max(known)
    return ["" if log is None else "▇" * (1 + round((BAR - 1) * (log - low) / (high - low))) for log in logs]


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.2g}"


def _plain(line: str) -> RenderableType:
    from rich.text import Text

    return Text(line, style="")
