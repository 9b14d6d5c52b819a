"""INT8 and FP16 of deepcaptcha, ResNet50 and MobileNetV2, original and pruned: `make bench-quantize`.

The figures go to bench/results/quantize.md. deepcaptcha is a study, on Fashion-MNIST; the two others are
`keras.applications` with random weights on random images, so that of accuracy there is only how much of the original's
answers is kept. `--calibrators` weighs the calibrators instead, into bench/results/calibrators.md; `--row` says
single rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from harness.base.crash import scratch
from harness.cli.terminal import print_lines, terminal
from harness.compare.comparing import compare
from harness.data import Dataset, load
from harness.measure.runtime.environment import describe
from harness.quantize.job import QuantizeFile, QuantizeJob, run_quantize_job
from harness.quantize.operators import told
from harness.quantize.quantizing import Conditions, Examples, write_quantized
from harness.records import Gain
from harness.report.findings import findings, lines_of
from harness.report.names import Names
from harness.spec import Calibrator, DataSpec, MeasureSpec, Precision, QuantizeSpec, TrainSpec, read_study

FOLDER = Path(__file__).parent
RESULT = FOLDER / "results" / "quantize.md"
CALIBRATORS = FOLDER / "results" / "calibrators.md"
STUDY = FOLDER / "studies" / "quantize.toml"
LARGE = {"ResNet50": 0.5, "MobileNetV2": 0.5}
IMAGES = 32


@dataclass(frozen=True)
class Place:
    """Where runs and the store are."""

    runs: Path
    store: Path


def machine() -> str:
    """What the figures were measured on."""
    found = describe()
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if version)
    return f"{found['cpu']}, {len(found['affinity'])} CPUs; {versions}"


def of_the_study(place: Place) -> Iterator[str]:
    """What the report of the study says, and a table of all its variants."""
    from harness.pipeline.run import run_study

    run = run_study(read_study(STUDY), runs=place.runs, store=place.store, progress=terminal(quiet=False))
    answers = compare(run.results)
    names = Names(answers)
    batches = answers.batch_sizes
    heads = [f"batch {batch}: over the original | over itself in float32" for batch in batches]
    yield "| network | variant | accuracy, % | change, points | KB | " + " | ".join(heads) + " |"
    yield "|---|---|---|---|---|" + "---|---|" * len(batches)
    for each in answers.variants:
        cells = [names.network(each), names.label(each)]
        cells += [f"{100 * each.accuracy.value:.1f}" if each.accuracy else "–"]
        cells += [f"{100 * each.change.value:+.1f}" if each.change else ""]
        cells += [f"{each.size_bytes[0] / 1000:.0f}" if each.size_bytes else "–"]
        for batch in batches:
            for gains in (each.speedups, each.precision_gains):
                gain = gains.get(batch)
                cells.append(f"{gain.value:.2f}× {gain.verdict.value}" if gain else "")
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield from (f"    {line}" for line in lines_of(findings(answers, names)) if "INT8" in line)


def exported(name: str, folder: Path) -> list[Path]:
    """A network of keras.applications with random weights, and pruned by half, as ONNX files."""
    from harness.base.keras_import import import_keras
    from harness.export import export, random_examples
    from harness.prune import apply, plan
    from harness.spec import PruneSpec

    keras = import_keras()
    keras.utils.set_random_seed(0)
    model = getattr(keras.applications, name)(weights=None)
    pruned = apply(model, plan(model, PruneSpec(ratio=LARGE[name])))
    files = [folder / f"{name}.onnx", folder / f"{name}-pruned.onnx"]
    for network, file in zip((model, pruned), files, strict=True):
        export(network, file, random_examples(network))
    return files


def of_the_large(
    name: str, folder: Path, budget_s: float, precisions: Sequence[Precision] = get_args(Precision)
) -> Iterator[str]:
    """A line for each file and precision."""
    images = np.random.default_rng(0).random((2 * IMAGES, 224, 224, 3), np.float32)
    for file in exported(name, folder):
        for precision in precisions:
            job = QuantizeJob(
                source=file,
                output=folder / f"{file.stem}-{precision}.onnx",
                spec=QuantizeSpec(precision=precision, images=IMAGES),
                examples=Examples(images[:IMAGES], images[IMAGES:]),
                measuring=MeasureSpec(batch_sizes=(1, 8), budget_s=budget_s),
            )
            yield line(file.stem, precision, run_quantize_job(job, terminal(quiet=False)).about)


def line(name: str, precision: str, about: QuantizeFile) -> str:
    """A row of the table."""
    found = about.quantization
    if found.unchanged:
        best = max((each.gains for each in found.arrangements), key=lambda gains: gains[0].speedup or 0, default=())
        return f"| {name} | {precision} | all stays float32; the best tried: {_gains(best)} | | | |"
    kept = next(iter(found.agreement.outputs.values())) if found.agreement and found.agreement.outputs else None
    same = "" if kept is None or kept.top1 is None else f"{100 * kept.top1:.0f} %"
    ran = (
        f"{len(about.in_8_bits)} of {about.kernels}, {about.converting} convert, {len(about.left_over)} pairs left over"
    )
    around = told(about.blamed[0].around) if about.blamed else ""
    sizes = f"{about.original_bytes / 1e6:.1f} → {about.size_bytes / 1e6:.1f}"
    beside = f"; beside {around}" if around else ""
    return f"| {name} | {precision} | {_gains(about.gains)} | {same} | {sizes} | {ran}{beside} |"


def _gains(gains: Sequence[Gain]) -> str:
    return "; ".join(f"batch {gain.batch}: {gain.told}" for gain in gains)


def calibrators() -> Iterator[str]:
    """How much of a trained network's answers each calibrator keeps, from how many images."""
    data = load(DataSpec(name="fashion_mnist", limit=12_000))
    yield "| network | accuracy in float32, % | calibrator | images | the same answer, % | accuracy, % |"
    yield "|---|---|---|---|---|---|"
    with scratch() as folder:
        for filters in ([32, 48, 64], [16, 16, 32]):
            file = trained(filters, data, folder / "net.onnx")
            before = f"{'-'.join(map(str, filters))} | {100 * accuracy(file, data):.2f}"
            for calibrator in get_args(Calibrator):
                for count in (32, 256, 1024):
                    spec = QuantizeSpec(images=count, calibrator=calibrator)
                    examples = Examples(data.train_images, data.test_images)
                    found = write_quantized(file, folder / "int8.onnx", spec, examples, Conditions())
                    kept = next(iter(found.agreement.outputs.values())) if found.agreement else None
                    same = "" if kept is None or kept.top1 is None else f"{100 * kept.top1:.1f}"
                    share = 100 * accuracy(folder / "int8.onnx", data)
                    yield f"| {before} | {calibrator} | {count} | {same} | {share:.2f} |"


def trained(filters: Sequence[int], data: Dataset, path: Path) -> Path:
    """Deepcaptcha with so many filters after two epochs, as an ONNX file."""
    import models
    from harness.base.keras_import import import_keras
    from harness.export import export
    from harness.training.train import train

    import_keras().utils.set_random_seed(0)
    model = models.build("deepcaptcha", filters=list(filters), input_shape=[28, 28, 1], n_class=10)
    held_out = (data.test_images, data.test_labels)
    train(model, data.train_images, data.train_labels, TrainSpec(epochs=2), seed=0, held_out=held_out)
    export(model, path, data.test_images)
    return path


def accuracy(path: Path, data: Dataset) -> float:
    """The share of test examples that a file gets right."""
    from harness.measure.accuracy import evaluate

    return evaluate(path, data.test_images, data.test_labels, device="cpu").value


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibrators", action="store_true", help="weigh the calibrators instead")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--store", type=Path, default=Path(".harness"))
    parser.add_argument("--row", nargs=2, metavar=("NETWORK", "PRECISION"), help="say only these rows of the large")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each large file")
    asked = parser.parse_args()
    place = Place(asked.runs, asked.store)
    if asked.calibrators:
        rows = list(calibrators())
        written(
            CALIBRATORS, ["# Calibrators", "", f"`python -m bench.quantize --calibrators` on {machine()}.", "", *rows]
        )
        return
    if asked.row and (asked.row[0] not in LARGE or asked.row[1] not in get_args(Precision)):
        parser.error(f"--row: give one of {', '.join(LARGE)}, and one of {', '.join(get_args(Precision))}")
    if asked.row:
        with scratch() as folder:
            print_lines(*of_the_large(asked.row[0], folder, asked.budget, asked.row[1:]))
        return
    rows = ["# INT8 and FP16, original and pruned", "", f"`make bench-quantize` on {machine()}.", ""]
    rows += ["## deepcaptcha, Fashion-MNIST", "", *of_the_study(place), "", "## Random weights, random images", ""]
    rows += ["| file | precision | speed over the file in float32 | same answer | MB | kernels in 8 bits |"]
    rows += ["|---|---|---|---|---|---|"]
    with scratch() as folder:
        for name in LARGE:
            rows += of_the_large(name, folder, asked.budget)
    written(RESULT, rows)


def written(path: Path, rows: Sequence[str]) -> None:
    """Write a page, and say where it is."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print_lines(f"Figures: {path}")


if __name__ == "__main__":
    main()
