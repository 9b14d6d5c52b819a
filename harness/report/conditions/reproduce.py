"""How to get the same run and the same report again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from harness.compare.results import Results
from harness.spec import Case, DataSpec, Device, study_of

# What `harness run NET.keras` can be told of the data.
TOLD = {"name", "scale", "color", "resize", "limit"}


def reproduce(results: Results) -> tuple[str, ...]:
    """The commands, as lines of a shell."""
    steps = "train, prune, export, measure" if _case_of_a_file(results) is None else "prune, export, measure"
    return (
        f"{run_command(results)}    # {steps}; finished stages are not run again",
        "harness report RUN    # this report again, from the run's results.json alone",
    )


def run_command(results: Results) -> str:
    """What runs all of it: a study by its file, a trained network by its own."""
    case = _case_of_a_file(results)
    if case is None:
        return f"harness run {shlex.quote(f'{results.study}.toml')}"
    return f"harness run {' '.join(map(shlex.quote, _words(case, results.spec.device)))}"


def _case_of_a_file(results: Results) -> Case | None:
    """The one case of a run of a trained network; None where what was run is a study's file."""
    case = next((row.case for row in results.rows), None)
    if case is None or case.file is None or not all(row.case == case for row in results.rows):
        return None
    ratios = [spec.ratio for spec in case.prune if spec.ratio is not None]
    if not ratios or case.data != DataSpec(**case.data.model_dump(include=TOLD)):
        return None
    asked = study_of(case.file, case.data, ratios, case.prune[0].finetune_epochs)
    spec = asked.measure.model_copy(update={"device": results.spec.device})
    same = (asked.name, asked.question, spec) == (results.study, results.question, results.spec)
    return case if same and asked.cases() == (case,) else None


def _words(case: Case, device: Device) -> Iterator[str]:
    """What follows `harness run` to get this case."""
    yield from (case.model, "--data", *data_words(case))
    yield from ("--ratio", ",".join(str(spec.ratio) for spec in case.prune))
    yield from ("--finetune-epochs", str(case.prune[0].finetune_epochs))
    if device != "auto":
        yield from ("--device", device)


def data_words(case: Case) -> Iterator[str]:
    """What follows `--data` to get this case's data."""
    data = case.data
    yield data.name
    if data.scale != DataSpec().scale:
        yield from ("--scale", data.scale)
    if data.color:
        yield "--color"
    if data.resize is not None:
        yield from ("--resize", "x".join(map(str, data.resize)))
    if data.limit is not None:
        yield from ("--limit", str(data.limit))
