"""The report's charts. Each file makes one figure; a figure is a list of panels that may be laid out freely."""

from __future__ import annotations

from harness.compare import Answers
from harness.report.charts.families import families_figure
from harness.report.charts.figure import Figure
from harness.report.charts.frontier import frontier_figure
from harness.report.charts.gains import gains_figure
from harness.report.charts.learning import learning_figure
from harness.report.charts.rows import rows_figure
from harness.report.charts.seeds import seeds_figure
from harness.report.charts.speed import speed_figure
from harness.report.names import Names

__all__ = ["Figure", "figures"]


def figures(answers: Answers, names: Names) -> tuple[Figure, ...]:
    """The figures that there is something to draw for, in the order of the report."""
    makers = (learning_figure, families_figure, gains_figure, frontier_figure, speed_figure, seeds_figure, rows_figure)
    made = [make(answers, names) for make in makers]
    return tuple(figure for figure in made if figure is not None)
