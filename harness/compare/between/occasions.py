"""A measurement on one occasion, with the names of its models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from harness.base.errors import MeasureError
from harness.compare.results import Results
from harness.measure.measurement import Measurement


@dataclass(frozen=True)
class Occasion:
    """A measurement, and what its models are called.

    `names` are the positions of the models by name. In a run several names may stand for one model, `titles` tells what
    each name is a part of, and `graphs` has each model's architecture digest: equal, and the latency is the same.
    """

    measurement: Measurement
    names: Mapping[str, int]
    titles: Mapping[str, str] = field(default_factory=dict)
    graphs: tuple[str, ...] = ()


def read_occasion(path: Path) -> Occasion:
    """Read what `harness measure --out` wrote, where a model has its file's name.

    Raises:
        MeasureError: there is no such file, or it holds no measurement.
    """
    try:
        found = Measurement.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MeasureError(
            f"{path}: can't be read ({error.strerror}); give a run's folder, or a file from `harness measure --out`"
        ) from None
    except ValidationError:
        raise MeasureError(f"{path}: not a file from `harness measure --out` of this version; measure again") from None
    return Occasion(found, {Path(model.path).stem: index for index, model in reversed(list(enumerate(found.models)))})


def occasions_of(results: Results) -> tuple[Occasion, ...]:
    """The measurements of a run, one for each of its groups of networks."""
    exported = {row.name: row.export for row in results.rows if row.export is not None}
    titles = {row.name: f"{row.case.network}, {row.variant}" for row in results.rows}
    by_file = {export.sha256: export.architecture for export in exported.values()}
    found = []
    for measurement in results.measurements:
        graphs = tuple(by_file.get(model.sha256, model.sha256) for model in measurement.models)
        positions = {graph: index for index, graph in reversed(list(enumerate(graphs)))}
        names = {row: positions[one.architecture] for row, one in exported.items() if one.architecture in positions}
        found.append(Occasion(measurement, names, titles, graphs))
    return tuple(found)
