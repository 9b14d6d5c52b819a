"""Quantize a file and judge what came out: accuracy on the same examples, speed beside the original, what to blame."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from harness.base.crash import scratch
from harness.base.errors import MeasureError, QuantizeError
from harness.base.progress import Progress, Silent
from harness.base.store import check_writable
from harness.export.files import written_whole
from harness.measure.accuracy.evaluation import Evaluation, check_first, evaluate_files
from harness.measure.accuracy.evaluation import Examples as Judged
from harness.measure.accuracy.scale import Scale
from harness.measure.files.model_file import read_model
from harness.measure.inputs.examples import fitted
from harness.measure.measurement import Measurement
from harness.quantize.blame import blame
from harness.quantize.calibration import check_runs, check_scale, only_input
from harness.quantize.fed import check_fed, fed
from harness.quantize.gains import gains_of, loses
from harness.quantize.prepared import check_float
from harness.quantize.quantizing import Conditions, Examples, write_quantized
from harness.records import Blame, Gain, Quantization, Record
from harness.spec import MeasureSpec, QuantizeSpec

SUFFIX = ".onnx"


@dataclass(frozen=True)
class QuantizeJob:
    """What to quantize, how, and where to write it.

    `judged` are labelled examples that nothing is calibrated by, None where there are none; `scale` is how the data is
    taken. `measured` is whether the speed is.
    """

    source: Path
    output: Path
    spec: QuantizeSpec
    examples: Examples = field(default_factory=Examples)
    judged: Judged | None = None
    scale: Scale = "unit"
    measuring: MeasureSpec = field(default_factory=MeasureSpec)
    measured: bool = True


class QuantizeFile(Record):
    """What stands beside a quantized file, as `NAME.report.json`: what was done, and what it cost and brought.

    `evaluation` is None where the data has no labels, `gains` are empty where nothing was measured. `kernels` ran, of
    which `in_8_bits` computed with 8-bit numbers, `converting` only convert and `left_over` pairs only round;
    `in_float32` is whether the device computed float16 in float32. `blamed` is there where INT8 was not faster.
    """

    schema_version: Literal["harness-quantize/1"] = "harness-quantize/1"
    source: str
    quantization: Quantization
    size_bytes: int
    original_bytes: int
    evaluation: Evaluation | None = None
    gains: tuple[Gain, ...] = ()
    device: str | None = None
    kernels: int | None = None
    in_8_bits: tuple[str, ...] = ()
    converting: int = 0
    left_over: tuple[str, ...] = ()
    in_float32: bool = False
    blamed: tuple[Blame, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the answer is no: it is shown to be slower, or less accurate, or nothing is faster in INT8."""
        worse = self.evaluation is not None and self.evaluation.difference is not None and self.evaluation.refused
        return worse or loses(self.gains) or self.quantization.unchanged


@dataclass(frozen=True)
class Done:
    """What a job found, and the files that it wrote: none where nothing is faster in INT8."""

    about: QuantizeFile
    files: tuple[Path, ...]


def report_path(model: Path) -> Path:
    """Where the report about a quantized file stands: `NAME.report.json` beside `NAME.onnx`."""
    return model.with_suffix(".report.json")


def run_quantize_job(job: QuantizeJob, progress: Progress | None = None) -> Done:
    """Do all of it. Nothing is written unless all of it worked.

    Raises:
        SpecError, MeasureError, QuantizeError, DataError, DeviceError, StoreError: as `quantize` and `measure` do.
        QuantizeError: the output is the input, or no ONNX file by its name.
    """
    shown = progress or Silent()
    source = read_model(job.source)
    _check_output(job)
    images = job.examples.judge if job.examples.calibrate is None else job.examples.calibrate
    check_runs(source)
    if images is not None:
        fitted(str(job.source), only_input(source), images[:1])
    job = replace(job, measuring=fed(job.measuring, source, images))
    if job.measured:
        check_fed(job.measuring, source)
    if job.spec.precision != "fp16":
        check_float(source)
    if job.judged is not None:
        _check_judged(job)
        check_scale(source, job.judged.images, job.judged.labels, job.scale)
    with scratch() as folder:
        made = folder / job.output.name
        found = write_quantized(job.source, made, job.spec, job.examples, Conditions(job.measuring, shown))
        about = _judged(job, made, found, shown)
        if found.unchanged:
            return Done(about, ())
        with written_whole(job.output) as file, written_whole(report_path(job.output)) as report:
            shutil.copyfile(made, file)
            report.write_text(about.model_dump_json(indent=1), encoding="utf-8")
    return Done(about, (job.output, report_path(job.output)))


def _check_output(job: QuantizeJob) -> None:
    if job.output.suffix != SUFFIX:
        raise QuantizeError(f"--output {job.output}: give a file name that ends in {SUFFIX}")
    if job.output.is_dir():
        raise QuantizeError(f"--output {job.output}: is a folder; give a file name")
    if job.output.resolve() == job.source.resolve():
        raise QuantizeError(f"--output {job.output}: is the input, which is never changed; give another name")
    check_writable(job.output.parent, inside=True)


def _check_judged(job: QuantizeJob) -> None:
    """Refuse before the work what is no classifier of the labels' classes."""
    assert job.judged is not None
    try:
        check_first(job.source, job.judged, job.measuring.device)
    except MeasureError as error:
        raise QuantizeError(
            f"{error}; or give images:DIR without folders of classes, to leave the accuracy out"
        ) from None


def _judged(job: QuantizeJob, file: Path, found: Quantization, progress: Progress) -> QuantizeFile:
    about = QuantizeFile(
        source=job.source.name,
        quantization=found,
        size_bytes=file.stat().st_size,
        original_bytes=read_model(job.source).size_bytes,
    )
    if found.unchanged:
        return about
    if job.judged is not None:
        told = evaluate_files([job.source, file], job.judged, device=job.measuring.device, progress=progress)
        about = about.model_copy(update={"evaluation": _renamed(told, job)})
    if not job.measured:
        return about
    measurement, (gains,) = gains_of(job.source, [file], job.measuring, progress)
    return _placed(about.model_copy(update={"gains": gains}), job, file, measurement, progress)


def _renamed(found: Evaluation, job: QuantizeJob) -> Evaluation:
    """The same of the file by the name that it will have."""
    first, second = found.models
    return found.model_copy(update={"models": (first, second.model_copy(update={"path": str(job.output)}))})


def _placed(
    about: QuantizeFile, job: QuantizeJob, file: Path, measurement: Measurement, progress: Progress
) -> QuantizeFile:
    """With what really ran, and what is to blame where INT8 was not faster."""
    model = measurement.models[1]
    placed = model.placement
    if placed is None:
        return about
    told = about.model_copy(
        update={
            "device": model.device,
            "kernels": len(placed.ran),
            "in_8_bits": placed.in_8_bits,
            "converting": len(placed.conversions or ()),
            "left_over": placed.left_over,
            "in_float32": placed.widened,
        }
    )
    slow = tuple(gain.batch for gain in about.gains if gain.verdict != "faster")
    if not slow or placed.conversions is None:
        return told
    spec = job.measuring.model_copy(update={"batch_sizes": slow})
    device = "cpu" if model.device == "cpu" else "cuda"
    return told.model_copy(update={"blamed": blame(job.source, file, placed, spec, device, progress)})
