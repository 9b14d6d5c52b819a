"""How to get the same run and the same report again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from harness.compare.results import Results
from harness.report.commands import data_words, tellable
from harness.report.conditions.frontier import frontier_words, walk_of
from harness.spec import Case, MeasureSpec, Study, frontier_study, study_of


def reproduce(results: Results) -> tuple[str, ...]:
    """The commands, as lines of a shell."""
    words = _command(results)
    steps = "train, prune, export, measure" if words is None else "prune, export, measure"
    return (
        f"{run_command(results)}    # {steps}; finished stages are not run again",
        "harness report RUN    # this report again, from the run's results.json alone",
    )


def run_command(results: Results) -> str:
    """What runs all of it: a study by its file, a trained network by its own."""
    words = _command(results)
    if words is None:
        return f"harness run {shlex.quote(f'{results.study}.toml')}"
    return f"harness {' '.join(map(shlex.quote, words))}"


def _command(results: Results) -> Sequence[str] | None:
    """What follows `harness` in a run of a trained network; None where what was run is a study's file."""
    case = next((row.case for row in results.rows), None)
    if case is None or case.file is None or not all(row.case == case for row in results.rows):
        return None
    if not tellable(case.data) or not case.prune:
        return None
    ratios = [spec.ratio for spec in case.prune if spec.ratio is not None]
    if len(ratios) == len(case.prune):
        asked = study_of(case.file, case.data, ratios, case.prune[0].finetune_epochs)
        return [*_run_words(case, results.spec)] if _same(asked, case, results) else None
    walk = walk_of(case.prune, results.spec)
    if walk is None or not _same(frontier_study(case.file, case.data, walk), case, results):
        return None
    return [*frontier_words(case, walk)]


def _same(asked: Study, case: Case, results: Results) -> bool:
    """Whether a study is the one that was run, but for the device."""
    spec = asked.measure.model_copy(update={"device": results.spec.device})
    same = (asked.name, asked.question, spec) == (results.study, results.question, results.spec)
    return same and asked.cases() == (case,)


def _run_words(case: Case, measure: MeasureSpec) -> Iterator[str]:
    yield from ("run", case.model, *data_words(case.data))
    yield from ("--ratio", ",".join(str(spec.ratio) for spec in case.prune))
    if case.onnx is None:
        yield from ("--finetune-epochs", str(case.prune[0].finetune_epochs))
    if measure.device != "auto":
        yield from ("--device", measure.device)
