"""Train a Keras classifier, on whichever backend Keras runs."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import DataError
from harness.base.predicted import LOGIT, PROBABILITY
from harness.base.progress import Progress, Silent
from harness.base.shapes import agrees
from harness.records import Training
from harness.spec import TrainSpec
from harness.stats.learned import chance_level

if TYPE_CHECKING:
    import keras

VALUES_AT_ONCE = 2_000_000  # of a batch of images in inference: 16 of 200x200x3


def train(  # noqa: PLR0913 - what is trained, on what, and how
    model: keras.Model,
    images: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    spec: TrainSpec,
    *,
    seed: int,
    held_out: tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]] | None = None,
    progress: Progress | None = None,
) -> Training:
    """Compile and fit `model` in place: with the loss it was compiled with, else cross-entropy of probabilities.

    Args:
        model: a classifier whose output is (N, ..., classes): probabilities, or what its loss wants. A single output
            tells two classes apart.
        images: float32 (N, ...) as the model takes them.
        labels: int64 (N,), each in 0 to classes - 1.
        spec: epochs or steps, batch size, optimizer and learning rate.
        seed: seeds Python, NumPy and Keras, so that shuffling and dropout repeat.
        held_out: images and labels that are not trained on. A training in steps is judged on the first of them at each
            point of its history (`val_loss`, `val_accuracy`).
        progress: is told after each epoch, or each point of the history.

    Raises:
        DataError: the images or labels don't fit the model.
    """
    import keras

    from harness.training.optimizers import optimizer_for

    targets = fitting_targets(model, images, labels)
    keras.utils.set_random_seed(seed)
    loss, metric = _loss_and_accuracy(model)
    model.compile(optimizer=optimizer_for(model, spec), loss=loss, metrics=[metric])
    given, seen = _given(model, images, targets, spec, seed, held_out)
    started = time.perf_counter()
    with (progress or Silent()).task("train", total=given["epochs"]) as task:
        told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: task.advance(note=_note(logs)))
        fitted = model.fit(**given, verbose=0, callbacks=[told])
    training = training_of(model, fitted.history, time.perf_counter() - started, labels)
    return training.model_copy(update={"examples": seen})


def _given(
    model: keras.Model,
    images: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    spec: TrainSpec,
    seed: int,
    held_out: tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]] | None,
) -> tuple[dict[str, Any], int]:
    """What `fit` is given, in epochs or in steps, and how many examples the last point of its history is about."""
    if spec.steps is None:
        return {"x": images, "y": targets, "batch_size": spec.batch_size, "epochs": spec.epochs}, len(targets)
    from harness.training.batches import Batches

    # Each of Keras's epochs, after which it judges and writes down, goes on where the one before it stopped.
    batches = Batches(images, targets, spec.batch_size, spec.steps, seed)
    epochs = spec.steps // spec.record_every
    given: dict[str, Any] = {"x": batches, "epochs": epochs, "steps_per_epoch": spec.record_every, "shuffle": False}
    if held_out is not None:
        judged, classes = held_out[0][: spec.held_out], held_out[1][: spec.held_out]
        given["validation_data"] = judged, fitting_targets(model, judged, classes)
        given["validation_batch_size"] = spec.batch_size
    return given, spec.record_every * spec.batch_size


def training_of(
    model: keras.Model, history: Mapping[str, Sequence[float]], seconds: float, labels: npt.NDArray[np.int64]
) -> Training:
    """The record of a training that is finished; `labels` (N,) are those of the examples it saw."""
    return untrained(model).model_copy(
        update={
            "history": {name: tuple(_finite(value) for value in values) for name, values in history.items()},
            "seconds": seconds,
            "examples": len(labels),
            "chance": chance_level(labels),
        }
    )


def _loss_and_accuracy(model: keras.Model) -> tuple[Any, Any]:
    """The loss to train with, and the accuracy to follow; a single output is right beyond 0.5, or 0 for a logit."""
    import keras

    if model.output_shape[-1] != 1:
        return (model.loss if model.compiled else "sparse_categorical_crossentropy"), "accuracy"
    loss = keras.losses.get(model.loss if model.compiled else "binary_crossentropy")
    threshold = LOGIT if getattr(loss, "from_logits", False) else PROBABILITY
    return loss, keras.metrics.BinaryAccuracy(name="accuracy", threshold=threshold)


def untrained(model: keras.Model) -> Training:
    """The record of a network that was not trained here, but is as it came."""
    import keras

    return Training(
        history={},
        parameters=model.count_params(),
        seconds=0.0,
        backend=keras.backend.backend(),
        device=training_device(),
        keras_version=keras.__version__,
    )


def predict(model: keras.Model, images: npt.NDArray[np.float32], batch_size: int = 256) -> npt.NDArray[np.float32]:
    """The network's outputs for images (N, ...): (N, ...). Nothing is compiled, which pays for small networks.

    Large images go in smaller batches, since feature maps grow with them: a network of 256 filters on 200x200x3 makes
    40 MB of one image in its first layer.
    """
    import keras

    batch_size = max(1, min(batch_size, VALUES_AT_ONCE // max(1, math.prod(images.shape[1:]))))
    parts = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(model(part, training=False)) for part in parts])


def fitting_targets(
    model: keras.Model, images: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The labels in the shape of the model's output less its class axis; (N,) or (N, 1).

    Raises:
        DataError: the images or labels don't fit the model.
    """
    wanted, given = tuple(model.input_shape[1:]), images.shape[1:]
    if not agrees(given, wanted):
        raise DataError(
            f"{model.name} takes examples of shape {wanted}, the data has {given}; {_reshaping(given, wanted)}"
        )
    positions, outputs = model.output_shape[1:-1], model.output_shape[-1]
    if len(model.output_shape) == 1 or None in model.output_shape[1:] or math.prod(positions) != 1:
        shown = tuple(model.output_shape[1:])
        raise DataError(
            f"{model.name} gives outputs of shape {shown} for one label; give a network that ends in one "
            "output for each class"
        )
    classes = max(outputs, 2)  # a single output tells two classes apart
    needed = int(labels.max()) + 1
    if needed > classes:
        from_one = "number the classes from 0, or " * (int(labels.min()) == 1 and needed - 1 == classes)
        raise DataError(
            f"{model.name} has {outputs} output{'s' * (outputs > 1)}, enough for {classes} classes, and the labels go "
            f"up to {needed - 1}; {from_one}give its last layer {needed} outputs, or give it other data"
        )
    return labels.reshape((len(labels), *positions))


def _reshaping(given: tuple[int, ...], wanted: tuple[int | None, ...]) -> str:
    """What to do with examples of a shape that the model does not take."""
    if len(given) == len(wanted) == 3 and None not in wanted[:2] and given[2] == wanted[2]:
        height, width = wanted[:2]
        return f"give --resize {height}x{width}, or data.resize = [{height}, {width}] in a study"
    return "give data of the shape that it takes"


def training_device() -> str:
    """The device Keras trains on: `gpu:0` where it sees a GPU, else `cpu:0`."""
    import keras

    devices = keras.distribution.list_devices()
    return str(devices[0]).lower() if devices else "cpu:0"


def _note(logs: Mapping[str, Any] | None) -> str:
    return f"accuracy {logs['accuracy']:.3f}" if logs and "accuracy" in logs else ""


def _finite(value: float) -> float | None:
    """JSON has no NaN: a loss that overflowed is None."""
    return float(value) if math.isfinite(value) else None
