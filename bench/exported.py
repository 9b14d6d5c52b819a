"""The ONNX files that the benchmarks run on: a run's, a folder's, or small ones made on the fly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.networks import classifier
from harness.base.store import file_digest
from harness.compare.results import RESULTS_FILE, Results, read_results
from harness.measure.measurement import Measurement


@dataclass(frozen=True)
class Exported:
    """An ONNX file, and what is already known of it, by the name under which a benchmark's file shows it."""

    path: Path
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.stem


def networks(run: Path | None, folder: Path | None, scratch: Path) -> list[Exported]:
    """The files of a run, one for each architecture it measured; else a folder's; else two made in `scratch`."""
    if run is not None and (run / RESULTS_FILE).is_file():
        return _of_run(run)
    if folder is not None:
        return [Exported(path) for path in sorted(folder.rglob("*.onnx"))]
    return [
        Exported(classifier(scratch / f"classifier-{'-'.join(map(str, filters))}.onnx", filters))
        for filters in ((16, 32), (32, 64))
    ]


def _of_run(run: Path) -> list[Exported]:
    results = read_results(run)
    files = {file_digest(path): path for path in sorted((run / "models").glob("*.onnx"))}
    if not results.measurements:
        return [Exported(path, _accuracy(results, sha256)) for sha256, path in files.items()]
    return [
        Exported(files[model.sha256], {**_accuracy(results, model.sha256), **_speed(results, measurement, index)})
        for measurement in results.measurements
        for index, model in enumerate(measurement.models)
        if model.sha256 in files
    ]


def _accuracy(results: Results, sha256: str) -> dict[str, Any]:
    found = (row for row in results.rows if row.export is not None and row.export.sha256 == sha256)
    row = next(found, None)
    if row is None or row.accuracy is None:
        return {}
    return {"variant": row.name, "accuracy": row.accuracy.value}


def _speed(results: Results, measurement: Measurement, index: int) -> dict[str, Any]:
    """The speed-ups over the unpruned network of the same case, and the device."""
    device = {"device": measurement.models[index].device}
    original = _original(results, measurement, index)
    if original is None or original == index or "end_to_end" not in measurement.spec.modes:
        return device
    found = (measurement.compare(original, index, batch) for batch in measurement.spec.batch_sizes)
    return device | {f"speed-up, batch {each.batch}": each.speedup for each in found}


def _original(results: Results, measurement: Measurement, index: int) -> int | None:
    """The position of the unpruned network of a model's case."""
    exported = [(row, row.export) for row in results.rows if row.export is not None]
    architectures = {export.sha256: export.architecture for _, export in exported}
    ours = measurement.models[index].sha256
    cases = [row.case for row, export in exported if export.sha256 == ours]
    originals = {export.architecture for row, export in exported if row.original and row.case in cases}
    positions = enumerate(measurement.models)
    return next((position for position, model in positions if architectures.get(model.sha256) in originals), None)
