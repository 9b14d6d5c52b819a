"""All that a report shows, gathered once for the page and the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.compare import Answers, Compared, Labelled, compare, compared
from harness.compare.results import Results
from harness.measure.advice import advice
from harness.report import format as fmt
from harness.report.commands import commands_of
from harness.report.conditions import Part, conditions, reproduce
from harness.report.findings import Finding, findings
from harness.report.gallery import Gallery, galleries
from harness.report.headline import Headline, Recommended, headline, recommended, why_not_faster
from harness.report.names import Names
from harness.report.shown import left_out, shown_of, worth_showing
from harness.report.tables.by_class import chosen_tables, overview_tables
from harness.report.tables.disagreements import disagreement_table
from harness.report.tables.environment import environment_table
from harness.report.tables.factors import factor_tables
from harness.report.tables.failures import failure_table
from harness.report.tables.families import family_tables
from harness.report.tables.graphs import control_table, graph_table, users_of
from harness.report.tables.health import health_table
from harness.report.tables.learning import learning_tables
from harness.report.tables.recipes import recipe_table
from harness.report.tables.removed import removed_tables
from harness.report.tables.seeds import seed_table
from harness.report.tables.table import Table
from harness.report.tables.variants import main_table, page_table

if TYPE_CHECKING:
    from harness.report.charts.drawing import Drawing, Overview


@dataclass(frozen=True)
class Content:
    """All that the templates show."""

    results: Results
    answers: Answers
    findings: tuple[Finding, ...]
    headline: Headline
    overviews: tuple[Overview, ...]
    recommended: tuple[Recommended, ...]
    why_not_faster: tuple[str, ...]
    drawings: tuple[Drawing, ...]
    tuning_note: str
    left_out: str
    learning: tuple[tuple[str, Table], ...]
    families: tuple[tuple[str, Table], ...]
    main: Table
    page: Table
    factors: tuple[tuple[str, Table], ...]
    removed: tuple[tuple[str, Table], ...]
    classes: tuple[tuple[str, Table], ...]
    class_overviews: tuple[Table, ...]
    galleries: tuple[Gallery, ...]
    disagreements: Table | None
    modes: tuple[tuple[str, Table], ...]
    recipes: Table
    seeds: Table
    failures: Table
    health: Table | None
    controls: Table
    advice: tuple[str, ...]
    graphs: Table | None
    conditions: tuple[Part, ...]
    environment: Table
    reproduce: tuple[str, ...]


def gather(results: Results, found: Compared | None = None) -> Content:
    """Everything the report shows, computed once; `found` are the results' answers, where they are known already.

    Sentences are about all variants, tables and charts show those that matter most where there are very many.
    """
    from harness.report.charts.drawing import draw, overviews  # Altair takes its time, and only a report needs it

    found = found or compared(results)
    answers, names = found.answers, Names(found.answers, commands_of(results))
    parts = shown_of(answers)
    shown, head, charts = parts.tables, parts.head, parts.charts
    some, in_head, few = (names if part is answers else names.among(part) for part in (shown, head, charts))
    told = findings(answers, names)
    labelled = Labelled.of(results, answers)
    others = [(mode, worth_showing(compare(results, mode))) for mode in results.spec.modes[1:]]
    return Content(
        results=results,
        answers=answers,
        findings=told,
        headline=headline(answers, names, told),
        overviews=overviews(head, in_head, parts.at_head),
        recommended=recommended(results, answers, names),
        why_not_faster=tuple(why_not_faster(choice, head, in_head) for choice in head.choices),
        drawings=tuple(draw(charts, few, parts.in_charts)),
        tuning_note=names.tuning_note(),
        left_out=left_out(answers, shown),
        learning=learning_tables(answers, names),
        families=family_tables(answers, names),
        main=main_table(shown, some),
        page=page_table(shown, some),
        factors=factor_tables(shown, some),
        removed=removed_tables(results, shown, some),
        classes=chosen_tables(labelled, answers, names),
        class_overviews=overview_tables(labelled, shown, some),
        galleries=galleries(labelled, answers, names),
        disagreements=disagreement_table(results, shown, some),
        modes=tuple((fmt.MODES[mode], main_table(other, names)) for mode, other in others),
        recipes=recipe_table(shown, some),
        seeds=seed_table(shown, some),
        failures=failure_table(answers),
        health=health_table(results, answers),
        controls=control_table(answers),
        advice=self_diagnosis(results, found, names),
        graphs=graph_table(results, shown, some),
        conditions=conditions(results, answers, names),
        environment=environment_table(results.environment),
        reproduce=reproduce(results),
    )


def self_diagnosis(results: Results, found: Compared, names: Names) -> tuple[str, ...]:
    """What the measurements say about themselves, with each file called by the first variant that it stands for."""
    users = users_of(results, found.answers, names)
    lines: list[str] = []
    for measurement, asked in zip(results.measurements, found.asked, strict=True):
        named = ((users[model.path] or [model.path])[0] for model in measurement.models)
        pairs = zip(measurement.models, named, strict=True)
        models = tuple(model.model_copy(update={"path": name}) for model, name in pairs)
        lines += advice(measurement.model_copy(update={"models": models}), asked)
    return tuple(dict.fromkeys(lines))
