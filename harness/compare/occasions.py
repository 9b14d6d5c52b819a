"""A measurement on one occasion, read from what a command wrote, with the names of its models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.base.errors import MeasureError
from harness.compare.results import RESULTS_FILE, Results, read_results
from harness.measure.measurement import Measurement


@dataclass(frozen=True)
class Occasion:
    """A measurement, and what each of its models is called."""

    measurement: Measurement
    names: tuple[str, ...]


def read_occasions(path: Path) -> tuple[Occasion, ...]:
    """Read what `harness measure --out` wrote, where a model has its file's name, or a run's folder or results.json.

    A run has one for each of its measurements.

    Raises:
        MeasureError: there is no such file, or it holds no measurement.
        SpecError: the folder holds no results.
    """
    if path.is_dir() or path.name == RESULTS_FILE:
        return _of_run(path, read_results(path))
    try:
        found = Measurement.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MeasureError(
            f"{path}: can't be read ({error.strerror}); give a run's folder, or a file from `harness measure --out`"
        ) from None
    except ValidationError:
        raise MeasureError(f"{path}: not a file from `harness measure --out` of this version; measure again") from None
    return (Occasion(found, tuple(Path(model.path).stem for model in found.models)),)


def _of_run(path: Path, results: Results) -> tuple[Occasion, ...]:
    if not results.measurements:
        raise MeasureError(f"{path}: nothing was measured in this run")
    rows = {row.export.sha256: row.name for row in reversed(results.rows) if row.export is not None}
    return tuple(
        Occasion(measurement, tuple(rows.get(model.sha256, model.path) for model in measurement.models))
        for measurement in results.measurements
    )
