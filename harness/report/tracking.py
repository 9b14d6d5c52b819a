"""A run in MLflow: one of its runs for each network of the study, each seed by itself, below one for the study."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError, first_line
from harness.base.store import file_digest
from harness.compare.frame import results as framed
from harness.compare.results import RESULTS_FILE, read_results
from harness.records import Row
from harness.spec.names import file_name, short

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG = "harness.results"  # the SHA-256 of the results that an MLflow run is of
PARENT = "mlflow.parentRunId"
MOST_PARAMS, MOST_METRICS = 100, 1000  # at once, as MLflow's server takes them
TEXT = ("study", "network", "variant", "model")
# Soon given up where nobody answers, and nothing told to others of how MLflow is used; a user's own settings go before.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True)
class Tracked:
    """What became of a run: how many networks were logged; 0 where these results were there already."""

    study: str
    networks: int


def track(run: Path, uri: str) -> Tracked:
    """Log a run to an MLflow server; what was logged before is not logged again.

    Args:
        run: the folder that `harness run` wrote.
        uri: of the tracking server, as MLflow takes it: `http://HOST:5000`.

    Raises:
        SpecError: the address is empty or nobody answers there, there is no such run, or MLflow is not installed.
    """
    if not uri.strip():
        raise SpecError("--mlflow: is empty; give the address of a tracking server, such as http://HOST:5000")
    found = read_results(run)
    folder = run if run.is_dir() else run.parent
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise SpecError("--mlflow needs the package mlflow-skinny; install prune-harness[mlflow]") from None
    try:
        client = MlflowClient(uri)
        experiment = _experiment(client, found.study)
        digest = file_digest(folder / RESULTS_FILE)
        if client.search_runs([experiment], f"tags.`{TAG}` = '{digest}'", max_results=1):
            return Tracked(found.study, 0)
        parent = client.create_run(experiment, run_name=found.study).info.run_id
        table = {(row["network"], row["variant"]): row for row in framed([run]).to_dict("records")}
        for row in found.rows:
            _log_row(client, (experiment, parent), folder, row, table.get((row.case.network, row.variant), {}))
        for name in (RESULTS_FILE, "report.html"):
            if (folder / name).exists():
                client.log_artifact(parent, str(folder / name))
        client.set_tag(parent, TAG, digest)  # last: what was broken off is logged again
        client.set_terminated(parent)
    except (MlflowException, OSError) as error:
        said = first_line(error)
        raise SpecError(f"--mlflow {uri}: failed ({said[:200]}); check the address and what runs there") from error
    return Tracked(found.study, len(found.rows))


def _experiment(client: MlflowClient, name: str) -> str:
    there = client.get_experiment_by_name(name)
    return str(client.create_experiment(name) if there is None else there.experiment_id)


def _log_row(
    client: MlflowClient, under: tuple[str, str], folder: Path, row: Row, of_variant: Mapping[str, Any]
) -> None:
    """One network: what was asked as parameters, what was found as metrics, its ONNX file as an artifact."""
    from mlflow.entities import Metric, Param

    experiment, parent = under
    tags = {PARENT: parent} | ({"harness.error": row.error} if row.error else {})
    run = client.create_run(experiment, tags=tags, run_name=row.name).info.run_id
    asked = [Param(name, text) for name, text in params(row).items()]
    now = int(time.time() * 1000)
    said = [Metric(name, value, now, step) for name, value, step in metrics(row, of_variant)]
    for start in range(0, len(asked), MOST_PARAMS):
        client.log_batch(run, params=asked[start : start + MOST_PARAMS])
    for start in range(0, len(said), MOST_METRICS):
        client.log_batch(run, metrics=said[start : start + MOST_METRICS])
    onnx = folder / "models" / f"{file_name(row.name)}.onnx"
    if row.export is not None and onnx.exists():
        client.log_artifact(run, str(onnx))
    client.set_terminated(run, "FAILED" if row.error else "FINISHED")


def params(row: Row) -> dict[str, str]:
    """What was asked of a network."""
    case = row.case
    asked: dict[str, Any] = {"network": case.network, "variant": row.variant, "model": case.model_name}
    asked |= {"seed": case.seed, "data": case.data.name}
    asked |= {f"option.{name}": value for name, value in case.options.items()}
    asked |= {f"train.{name}": value for name, value in case.train.model_dump(mode="json").items()}
    if row.prune is not None:
        given = row.prune.model_dump(mode="json", exclude_defaults=True)
        asked |= {f"prune.{name}": value for name, value in given.items()}
    return {name: short(value) for name, value in asked.items() if value is not None}


def metrics(row: Row, of_variant: Mapping[str, Any]) -> Iterator[tuple[str, float, int]]:
    """What was found of a network: names, values and steps; `variant.` stands before what is pooled over its seeds.

    The names are the columns of `harness results --format csv`, in the same units.
    """
    tuned = row.tuning or (row.pruning.finetune if row.pruning else None)
    for part, training in (("train", row.training), ("tune", tuned)):
        for name, values in training.history.items() if training else ():
            yield from ((f"{part}.{name}", value, step) for step, value in enumerate(values) if value is not None)
    if row.accuracy is not None:
        yield "accuracy", row.accuracy.value, 0
    if row.export is not None:
        yield "size_bytes", float(row.export.size_bytes), 0
        if row.export.parity is not None:
            yield "parity_largest_difference", row.export.parity.largest_difference, 0
    for name, value in of_variant.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name not in TEXT and is_number and math.isfinite(value):
            yield f"variant.{name}", float(value), 0
