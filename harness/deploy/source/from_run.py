"""The evidence that a run of a study has of one of its variants."""

from __future__ import annotations

from pathlib import Path

from harness.base.errors import BundleError
from harness.base.progress import Progress, Silent
from harness.base.shapes import Wanted
from harness.base.store import file_digest
from harness.compare.results import Results, read_results
from harness.compare.timings import Timings, timings_of
from harness.data import Dataset, load
from harness.deploy.manifest import Baseline, MeasuredLatency, MeasuredSpeedup
from harness.deploy.source.described import described
from harness.deploy.source.evidence import Evidence, latency_of, speedup_of
from harness.measure.conditions import conditions
from harness.measure.files.model_file import read_model
from harness.measure.inputs.examples import check_batch_first
from harness.records import Row
from harness.spec import DataSpec
from harness.spec.names import file_name

PACKAGES = ("prune-harness", "onnxruntime-gpu", "onnxruntime", "numpy", "python")


def evidence_of_run(run: Path, variant: str, progress: Progress | None = None) -> Evidence:
    """What a run's folder has of a variant, which is named as in `harness results`, or by its ONNX file.

    Raises:
        SpecError: there is no such run.
        BundleError: it has no such variant, or that has no ONNX file; or the file is not the one that was measured.
        DataError: the run's data is not there any more, or is other data.
    """
    results = read_results(run)
    folder = run if run.is_dir() else run.parent
    row = _row(run, results, variant)
    if row.export is None:
        raise BundleError(f"{row.name}: {row.error or 'was not exported, as the study says'}; nothing to bundle")
    onnx = folder / "models" / f"{file_name(row.name)}.onnx"
    if not onnx.is_file():
        raise BundleError(f"{onnx}: is missing; run the study again")
    if file_digest(onnx) != row.export.sha256:
        raise BundleError(f"{onnx}: was changed since the run measured it; run the study again")
    with (progress or Silent()).task(f"load {row.case.data.name}"):
        dataset = load(row.case.data)
    file = read_model(onnx)
    if row.accuracy is not None and row.accuracy.examples != len(dataset.test_labels):
        raise BundleError(
            f"{row.case.data.name}: has {len(dataset.test_labels)} test examples, the run saw {row.accuracy.examples}; "
            "give the run its data again, or run the study again"
        )
    timings = timings_of(results, results.spec.modes[0])
    measured = None if timings is None else timings.index.get(row.export.architecture)
    measurement = None if measured is None else results.measurements[measured[0]]
    model = None if measured is None or measurement is None else measurement.models[measured[1]]
    pruning = row.pruning
    return Evidence(
        onnx=onnx,
        name=row.name,
        study=results.study,
        dataset=shaped(onnx, dataset, row.case.data),
        data=row.case.data,
        device=model.device if model is not None else row.accuracy.device if row.accuracy is not None else "cpu",
        versions={name: results.environment.get("versions", {}).get(name) for name in PACKAGES},
        accuracy=row.accuracy,
        macs=None if model is None else model.macs,
        architecture=row.export.architecture,
        latency=_latency(results, timings, row.export.architecture),
        conditions=None if measurement is None else conditions(measurement),
        baseline=_baseline(results, timings, row),
        parity=row.export.parity,
        plan=None if pruning is None else pruning.plan,
        proof=None if pruning is None else pruning.proof,
        quantization=row.quantization,
        **described(file, dataset),
    )


def shaped(onnx: Path, dataset: Dataset, spec: DataSpec) -> Dataset:
    """The data in the shape that the ONNX file's one input takes.

    Raises:
        BundleError: the file has other than one input, or it takes other examples.
        DataError: its first axis is no batch.
    """
    inputs = read_model(onnx).inputs
    if len(inputs) != 1 or inputs[0].shape is None or len(inputs[0].shape) < 1:
        counted = "an input of no shape" if len(inputs) == 1 else f"{len(inputs)} inputs"
        raise BundleError(f"{onnx}: has {counted}; a bundle needs a model with one input of a known shape")
    check_batch_first(str(onnx), inputs[0])
    wanted: Wanted = inputs[0].shape[1:]
    found = dataset.shaped_for(wanted)
    if len(wanted) != len(found.image_shape) or any(
        b not in (None, a) for a, b in zip(found.image_shape, wanted, strict=True)
    ):
        raise BundleError(
            f"{onnx}: takes {inputs[0]}, and examples of {spec.name} are "
            f"{'x'.join(map(str, found.image_shape))}; give the data it was trained on (--resize, --color)"
        )
    return found


def _row(run: Path, results: Results, variant: str) -> Row:
    """The one row of that name: its whole name, its variant where one row has it, or its file's name.

    `50 % (reconstructed)`, as tables write it, is `50 %, reconstructed`.
    """
    exact = [row for row in results.rows if variant in (row.name, file_name(row.name), f"{file_name(row.name)}.onnx")]
    words = _words(variant)
    found = exact or [row for row in results.rows if words in (_words(row.variant), _words(row.name))]
    if len(found) == 1:
        return found[0]
    near = [row for row in results.rows if set(words) <= set(_words(row.name))]
    names = ", ".join(f"'{row.name}'" for row in (found or near or results.rows))
    why = f"has {len(found)} variants '{variant}'" if found else f"has no variant '{variant}'"
    raise BundleError(f"{run}: {why}; give one of {names}")


def _words(name: str) -> list[str]:
    """What a name says, however its parts are set apart."""
    return name.replace("×", "x").replace(",", " ").replace("(", " ").replace(")", " ").split()


def _original(results: Results, row: Row) -> Row | None:
    return next((one for one in results.rows if one.original and one.case.name == row.case.name), None)


def _latency(results: Results, timings: Timings | None, architecture: str) -> tuple[MeasuredLatency, ...]:
    if timings is None:
        return ()
    keys = [(batch, mode) for mode in results.spec.modes for batch in results.spec.batch_sizes]
    rows = [timings.row(architecture, batch, mode) for batch, mode in keys]
    return tuple(latency for row in rows if row is not None and (latency := latency_of(row)) is not None)


def _baseline(results: Results, timings: Timings | None, row: Row) -> Baseline | None:
    original = _original(results, row)
    if original is None or original.export is None or original is row:
        return None
    return Baseline(
        name=original.name,
        sha256=original.export.sha256,
        accuracy=None if original.accuracy is None else original.accuracy.value,
        speedups=_speedups(timings, original, row),
    )


def _speedups(timings: Timings | None, original: Row, row: Row) -> tuple[MeasuredSpeedup, ...]:
    if timings is None or original.export is None or row.export is None:
        return ()
    pair = (original.export.architecture, row.export.architecture)
    if pair[0] == pair[1]:
        return ()
    found = [speedup_of(comparison) for _, comparison in timings.comparisons([pair])]
    return tuple(speedup for speedup in found if speedup is not None)
