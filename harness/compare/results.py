"""All that one run of a study produced: `results.json`, from which alone reports are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from harness.base import garbage
from harness.base.errors import SpecError
from harness.measure.measurement import Measurement
from harness.records import ExampleSet, Record, Row
from harness.spec import Case, MeasureSpec

RESULTS_FILE = "results.json"
OLDER = ("harness-results/1", "harness-results/2")


class Results(Record):
    """A run of a study.

    `spec` is what was asked of the measurements and `environment` the machine it all ran on. There is a measurement for
    each group of networks that take the same inputs, in the order of the rows, with one file for each architecture:
    rows whose exports have equal architecture digests share their latency. `example_sets` are what rows were judged on,
    by their `examples`; none in results of versions before 3.
    """

    schema_version: Literal["harness-results/3"] = "harness-results/3"
    study: str
    question: str
    spec: MeasureSpec
    environment: Mapping[str, Any]
    rows: tuple[Row, ...]
    measurements: tuple[Measurement, ...]
    example_sets: Mapping[str, ExampleSet] = {}

    @model_validator(mode="before")
    @classmethod
    def _with_shared_cases(cls, values: Any) -> Any:
        """A case, with all its prunings, is made once for all its rows."""
        rows = values.get("rows") if isinstance(values, Mapping) else None
        return {**values, "rows": [*_sharing_cases(rows)]} if isinstance(rows, list) else values

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_before(cls, values: Any) -> Any:
        """Results of version 2 have no sets of examples; those of version 1 have one measurement or None, too."""
        version = values.get("schema_version") if isinstance(values, Mapping) else None
        if version not in OLDER:
            return values
        kept = {key: value for key, value in values.items() if key != "schema_version"}
        if version == "harness-results/1":
            only = kept.pop("measurement", None)
            kept["measurements"] = () if only is None else (only,)
        return kept


def _sharing_cases(rows: Sequence[Any]) -> Iterator[Any]:
    """The rows as they were read, but for the case, of which several in turn have the same."""
    read, made = None, None
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("case"), Mapping):
            yield row
            continue
        if row["case"] != read:
            read = row["case"]
            made = Case.model_validate(read)
        yield {**row, "case": made}


def read_results(run: Path) -> Results:
    """Read a run's results; `run` is its folder or its results.json.

    Raises:
        SpecError: there is no such run, or the file is not whole or of another version.
    """
    path = run / RESULTS_FILE if run.is_dir() else run
    try:
        with garbage.left():
            return Results.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise SpecError(f"{path}: no such results; give the folder that `harness run` wrote") from None
    except OSError as error:
        raise SpecError(f"{path}: can't be read ({error.strerror}); give the folder that `harness run` wrote") from None
    except ValidationError as error:
        raise SpecError(f"{path}: not the results of this version ({_why(error)}); run the study again") from None


def _why(error: ValidationError) -> str:
    """Which version it is instead, or how much is wrong."""
    for problem in error.errors():
        if problem["loc"] == ("schema_version",) and isinstance(problem["input"], str):
            known = ", ".join((*OLDER, str(Results.model_fields["schema_version"].default)))
            return f"it is {problem['input'][:40]!r}, and this harness reads {known}"
    count = error.error_count()
    return f"{count} problem{'s' * (count > 1)}"
