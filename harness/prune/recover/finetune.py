"""Train a pruned classifier on: what fine-tuning means, in `harness prune` and in studies alike."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np

from harness.base.errors import PruneError
from harness.prune.data.fitting import shaped_like_classes
from harness.prune.data.given import Examples
from harness.prune.data.losses import loss_for
from harness.prune.keras_graph.reading import read_graph
from harness.prune.recover.distill import SHARE, TEMPERATURE, Distiller, teacher_targets
from harness.prune.recover.recalibrate import recalibrate
from harness.spec import Schedule, TrainSpec
from harness.training.optimizers import optimizer_for

WARM_UP = 0.05  # of all steps


def tune(  # noqa: PLR0913 - what is trained, on what, and how
    model: keras.Model,
    examples: Examples,
    train: TrainSpec,
    *,
    recalibrated: bool = True,
    teacher: keras.Model | None = None,
    schedule: Schedule = "constant",
    seed: int = 0,
) -> dict[str, list[float]]:
    """Recalibrate and fine-tune, in place: what fine-tuning means, in `harness prune` and in studies alike.

    Returns:
        The loss after each epoch, by its name `loss`.

    Raises:
        PruneError: as `finetune` does.
    """
    if recalibrated:
        recalibrate(model, examples.train_images)
    return finetune(model, examples, train, teacher=teacher, schedule=schedule, seed=seed)


def finetune(
    model: keras.Model,
    examples: Examples,
    train: TrainSpec,
    *,
    teacher: keras.Model | None = None,
    schedule: Schedule = "constant",
    seed: int = 0,
) -> dict[str, list[float]]:
    """Train a classifier on, in place; with a teacher, on its answers as well. It is as compiled as it was before.

    The learning rate is constant, or falls to nothing by a cosine after a short warm-up.

    Returns:
        The loss after each epoch, by its name `loss`.

    Raises:
        PruneError: TensorFlow can't train a layer of such a name, or the weights end in NaN.
    """
    _check_names(model)
    keras.utils.set_random_seed(seed)
    optimizer = optimizer_for(model, train, _rate(train, schedule, len(examples.train_labels)))
    labels = shaped_like_classes(examples.train_labels, model.output_shape)
    loss = loss_for(model, 0, labels)
    targets: Any = labels
    if teacher is None:
        trained = keras.Model(model.inputs, model.outputs)
        trained.compile(optimizer=optimizer, loss=loss)
    else:
        targets = (labels, teacher_targets(teacher, examples.train_images))
        trained = Distiller(model, loss, TEMPERATURE, SHARE)
        trained.compile(optimizer=optimizer)
    fitted = trained.fit(examples.train_images, targets, batch_size=train.batch_size, epochs=train.epochs, verbose=0)
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise PruneError(f"fine-tuning at a learning rate of {train.learning_rate:g} ends in NaN; lower it")
    return {"loss": [float(loss) for loss in fitted.history["loss"]]}


def _rate(train: TrainSpec, schedule: Schedule, examples: int) -> Any:
    rate: Any = train.learning_rate
    if schedule == "cosine":
        steps = -(-examples // train.batch_size) * train.epochs
        warm = round(WARM_UP * steps)
        start = {"initial_learning_rate": 0.0, "warmup_target": rate, "warmup_steps": warm} if warm else {
            "initial_learning_rate": rate
        }  # fmt: skip
        rate = keras.optimizers.schedules.CosineDecay(decay_steps=steps - warm, **start)
    return rate


def _check_names(model: keras.Model) -> None:
    """TensorFlow makes scopes of the names when it compiles a training, and takes few characters there."""
    names = [model.name, *read_graph(model).layers]
    wrong = next((name for name in names if not re.fullmatch(r"[A-Za-z0-9_.\\/>-]*", name)), None)
    if wrong is not None and keras.backend.backend() == "tensorflow":
        raise PruneError(f"TensorFlow can't train '{wrong}'; give it a name of letters, digits and _ only")
