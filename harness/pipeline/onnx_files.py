"""Networks that came as ONNX files, on their way through the stages: no training, no export, and no Keras."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.base.errors import DataError, ModelError, SpecError
from harness.base.shapes import agrees
from harness.data import Dataset
from harness.measure.accuracy.predictions import only_input, predict
from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import check_batches
from harness.measure.inputs.examples import fitted, open_input
from harness.pipeline.saving import save
from harness.pipeline.unchanged import check_version
from harness.pipeline.widths import plan_of
from harness.records import ChosenWidths, Export, Training
from harness.spec import Case, MeasureSpec, PruneSpec


def fitting_onnx(case: Case, file: Path, dataset: Dataset) -> Dataset:
    """The data in the shape that an ONNX file takes, which can be run and fits it.

    Raises:
        SpecError: it was given options.
        MeasureError: it can't be read or run, or has several inputs.
        ModelError: it gives other than one answer for each example.
        DataError: it does not fit the images or labels.
    """
    if case.options:
        raise SpecError(f"{case.name}: {', '.join(case.options)}: an .onnx file has no options; leave them out")
    one = only_input(read_model(file))
    fitted(str(file), one, dataset.test_images)
    fitting = dataset.shaped_for(None if one.shape is None else one.shape[1:])
    count = (one.shape or (None,))[0] or 1
    found = predict(file, fitting.test_images[:count], device="cpu")
    if found.classes.ndim > 1 and found.classes.shape[1:] != (1,):
        raise ModelError(f"{file}: gives {found.classes.shape[1]} answers an example; a study takes one of each")
    needed = int(max(fitting.train_labels.max(), fitting.test_labels.max())) + 1
    if found.n_class is not None and needed > found.n_class:
        raise DataError(
            f"{file}: tells {found.n_class} classes apart, and the labels go up to {needed - 1}; give it the data that "
            "it was trained for"
        )
    return fitting


def check_sizes(cases: Iterable[Case], measure: MeasureSpec) -> None:
    """Refuse to measure an ONNX file at a batch size that it does not take.

    Raises:
        SpecError: it takes one alone, which is another.
        MeasureError: it can't be read.
    """
    for file in dict.fromkeys(case.onnx for case in cases if case.deploy and case.onnx is not None):
        check_batches(file, read_model(file).inputs, measure.batch_sizes)


def take_over(file: Path, digest: str, folder: Path) -> None:
    """A network that was trained elsewhere: model.onnx, with its weights inside it, and training.json.

    Raises:
        SpecError: the file is another version than that of this digest by now.
    """
    import onnx

    found = read_model(file)
    if found.external:
        onnx.save(onnx.load(file), folder / "model.onnx")
    else:
        shutil.copyfile(file, folder / "model.onnx")
    check_version(file, read_model(file).sha256, digest)
    parameters = found.parameters or 0
    training = Training(history={}, parameters=parameters, seconds=0.0, backend="onnx", device="", keras_version="")
    save(training, folder / "training.json")


def prune_into(
    folder: Path,
    file: Path,
    spec: PruneSpec,
    widths: ChosenWidths | None,
    dataset: Dataset,
    how: tuple[Sequence[str], int],
) -> None:
    """The file pruned, model.onnx and pruning.json.

    `widths` are those chosen by latency, where they were; `how` is what says what the file takes, and a seed.
    """
    import onnx_ir as ir

    from harness.prune.onnx.api import Given, prune_by, prune_like

    given = Given(data=dataset.train_images, inputs=how[0], seed=how[1])
    if widths is None:
        result = prune_by(file, spec, given)
    else:
        result = replace(prune_like(file, plan_of(widths), spec, given), speed=widths.speed, matched=widths.matched)
    ir.save(result.model, folder / "model.onnx")
    save(result.record(), folder / "pruning.json")


def keep(file: Path, folder: Path) -> None:
    """The file as it is, told as one that was exported: model.onnx, export.json. There is no Keras model beside it."""
    from harness.export.architecture import architecture_digest

    shutil.copyfile(file, folder / "model.onnx")
    found = read_model(folder / "model.onnx")
    record = Export(
        opset=found.opset,
        size_bytes=found.size_bytes,
        sha256=found.sha256,
        architecture=architecture_digest(found.path),
        parity=None,
    )
    save(record, folder / "export.json")


def open_inputs(file: Path, datasets: Iterable[Dataset]) -> tuple[str, ...]:
    """What a file is fed whose input can't be invented, as `name:shape:dtype` of the data's shape; else nothing."""
    (wanted,) = read_model(file).inputs
    sizes = (wanted.shape or ())[1:]
    laid = [data.shaped_for(sizes).image_shape for data in datasets]
    shapes = [shape for shape in laid if agrees(shape, sizes)]
    return open_input(wanted, shapes[0]) if shapes else ()
