"""Win back what pruning cost, and say honestly what won it: three baselines stand beside the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from harness.base.errors import PruneError
from harness.base.progress import Progress, Silent
from harness.prune.choose.planning import random_plan_like, removal_of
from harness.prune.data.fitting import are_class_numbers, check_examples, shaped_like_classes
from harness.prune.data.given import Examples
from harness.prune.keras_graph.copies import copied, renewed
from harness.prune.keras_graph.reading import check_readable
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import trace
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.finetune import finetune, tune
from harness.prune.recover.recalibrate import recalibrate
from harness.prune.result import PruneResult
from harness.records import Recovery
from harness.spec import TrainSpec


@dataclass(frozen=True)
class RecoverySpec:
    """How to win accuracy back.

    `recalibrate` measures the statistics of BatchNormalization again. `train` says how long and how fast to fine-tune,
    None not to; `distill` adds the original's answers to the labels. `scratch_epochs` is how long the same widths are
    trained from new weights, for comparison: as long as the original was, to be fair; None for as long as the
    fine-tuning. `earlier_epochs` were trained before, between the steps of an iterative schedule; the baselines are
    trained for them too.
    """

    train: TrainSpec | None = None
    recalibrate: bool = True
    distill: bool = False
    scratch_epochs: int | None = None
    earlier_epochs: int = 0
    baselines: bool = True
    seed: int = 0


def recover(
    original: keras.Model,
    result: PruneResult,
    examples: Examples,
    spec: RecoverySpec,
    progress: Progress | None = None,
) -> Recovery:
    """Recalibrate and fine-tune `result.model`, in place, and measure its accuracy at every step.

    Args:
        original: the network that was pruned; it is never changed.
        result: what came out of the pruning.
        examples: data to train on and to judge by.
        spec: how.
        progress: is told what is trained.

    Raises:
        PruneError: the model is no classifier of one input and one output, the labels don't fit it, or the fine-tuning
            diverged.
    """
    check_fits(original, examples)
    shown = progress or Silent()
    report: dict[str, Any] = {
        "examples": len(examples.test_labels),
        "epochs": 0 if spec.train is None else spec.train.epochs + spec.earlier_epochs,
        "distilled": spec.distill and spec.train is not None,
        "original": accuracy(original, examples),
        "pruned": accuracy(result.model, examples),
    }
    with shown.task("recalibrate"):
        if spec.recalibrate and recalibrate(result.model, examples.train_images):
            report["recalibrated"] = accuracy(result.model, examples)
            alike = copied(original)
            recalibrate(alike, examples.train_images)
            report["original_recalibrated"] = accuracy(alike, examples)
    if spec.train is not None:
        with shown.task("fine-tune"):
            finetune(result.model, examples, spec.train, teacher=original if spec.distill else None, seed=spec.seed)
            report["tuned"] = accuracy(result.model, examples)
        if spec.baselines:
            in_all = spec.train.model_copy(update={"epochs": report["epochs"]})
            report |= _baselines(original, result, examples, spec, in_all, shown)
    return Recovery(**report)


def _baselines(
    original: keras.Model,
    result: PruneResult,
    examples: Examples,
    spec: RecoverySpec,
    train: TrainSpec,
    progress: Progress,
) -> dict[str, Any]:
    """Random channels of the same widths, those widths from new weights, and the original trained on."""
    with progress.task("baseline: random channels"):
        found = trace(original)
        arbitrary = remove(original, found, removal_of(found, random_plan_like(found, result.plan, spec.seed)))
        teacher = original if spec.distill else None
        tune(arbitrary, examples, train, recalibrated=spec.recalibrate, teacher=teacher, seed=spec.seed)
    epochs = spec.scratch_epochs or train.epochs
    with progress.task("baseline: the same widths from scratch"):
        keras.utils.set_random_seed(spec.seed)
        fresh = renewed(result.model)
        finetune(fresh, examples, train.model_copy(update={"epochs": epochs}), seed=spec.seed)
    with progress.task("baseline: the original, trained on"):
        longer = copied(original)
        tune(longer, examples, train, recalibrated=spec.recalibrate, seed=spec.seed)
    return {
        "random_channels": accuracy(arbitrary, examples),
        "from_scratch": accuracy(fresh, examples),
        "scratch_epochs": epochs,
        "original_longer": accuracy(longer, examples),
    }


def check_fits(model: keras.Model, examples: Examples) -> None:
    """Raise PruneError unless the model is a classifier that these examples fit, ModelError where it has no graph."""
    check_readable(model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise PruneError("recovery needs a classifier with one input and one output; train the pruned model yourself")
    check_examples([model.input_shape], [examples.train_images])
    if not are_class_numbers(shaped_like_classes(examples.train_labels, model.output_shape), model.output_shape):
        raise PruneError("recovery needs class numbers as labels; train the pruned model yourself")
