"""Whether a case's network and data fit: what can't work is found before anything is trained."""

from __future__ import annotations

import logging
from pathlib import Path

import models
from harness.base.errors import DataError, ModelError, SpecError
from harness.data import Dataset
from harness.pipeline.networks import model_options
from harness.pipeline.onnx_files import fitting_onnx
from harness.spec import Case

log = logging.getLogger("harness")


def fitting_data(case: Case, dataset: Dataset, *, unsafe: bool = False) -> Dataset:
    """The data in the shape that the case's network takes; what can't work is found before anything is trained.

    Raises:
        SpecError: a file was given options.
        ModelError: the network is unknown, has no such option, or can't be loaded or built for these images.
        DataError: the network does not fit the data.
    """
    if case.onnx is not None:
        return fitting_onnx(case, case.onnx, dataset)
    if case.file is not None:
        return fitting_file(case, case.file, dataset, unsafe)
    shape = dataset.image_shape
    if len(shape) != 3:
        raise DataError(
            f"{case.name}: takes images (height, width, channels), and {case.data.name} has examples of shape {shape}; "
            "give images, or a .keras file that takes these"
        )
    options = model_options(case, dataset)
    try:
        models.check(case.model, **options)
    except ValueError as error:
        raise ModelError(f"{case.name}: {error}") from None
    if options["n_class"] < dataset.n_class:
        raise DataError(
            f"{case.name}: n_class = {options['n_class']}, but {case.data.name} has {dataset.n_class} classes; "
            f"set n_class = {dataset.n_class} or leave it out"
        )
    if tuple(options["input_shape"]) != shape:
        raise DataError(
            f"{case.name}: input_shape = {options['input_shape']}, but {case.data.name} has images of {list(shape)}; "
            "leave input_shape out"
        )
    if options.get("n_prediction", 1) != 1:
        raise DataError(
            f"{case.name}: n_prediction = {options['n_prediction']}, but {case.data.name} has one label an image; "
            "leave n_prediction out"
        )
    return dataset


def fitting_file(case: Case, file: Path, dataset: Dataset, unsafe: bool) -> Dataset:
    """The data in the shape that a network takes which is trained already, and can be loaded, and fits it.

    Raises:
        SpecError: it was given options.
        ModelError: it can't be loaded, is not built or subclassed, or has several inputs or outputs.
        PruneError: its weights are not finite.
        DataError: it does not fit the images or labels.
    """
    from harness.base.keras_file import example_shape, load_model
    from harness.pipeline.scaling import better_scale
    from harness.prune.keras_graph.graph import check_finite
    from harness.prune.keras_graph.reading import read_graph
    from harness.training.train import fitting_targets

    if case.options:
        raise SpecError(f"{case.name}: {', '.join(case.options)}: a .keras file has no options; leave them out")
    model = load_model(file, unsafe=unsafe)
    graph = read_graph(model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{file}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a study takes one of each"
        )
    check_finite(graph)
    fitting = dataset.shaped_for(example_shape(model))
    try:
        fitting_targets(model, fitting.train_images[:1], fitting.train_labels)
    except DataError as error:
        raise DataError(f"{file}: {error}") from None
    advice = better_scale(model, fitting, case.data.scale)
    if advice is not None:
        log.warning("%s: %s", file, advice)
    return fitting
