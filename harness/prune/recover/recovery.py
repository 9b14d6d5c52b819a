"""Win back what pruning cost, and say honestly what won it: baselines stand beside the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from harness.base.errors import PruneError
from harness.base.progress import Progress, Silent
from harness.prune.choose.planning import random_plan_like, removal_of
from harness.prune.data.fitting import are_class_numbers, check_examples, shaped_like_classes
from harness.prune.data.given import Data, Examples
from harness.prune.keras_graph.copies import copied, renewed
from harness.prune.keras_graph.reading import check_readable
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import trace
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.finetune import finetune
from harness.prune.recover.recalibrate import recalibrate
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.prune.result import PruneResult
from harness.records import Reconstruction, Recovery
from harness.spec import RECONSTRUCT_IMAGES, Schedule, TrainSpec


@dataclass(frozen=True)
class RecoverySpec:
    """How to win accuracy back.

    `recalibrate` measures the statistics of BatchNormalization again. `reconstruct` is from how many training images
    kernels are solved again, None not to. `train` says how long and how fast to fine-tune, None not to, and `schedule`
    how the learning rate goes; `distill` adds the original's answers to the labels. `scratch_epochs` is how long the
    same widths are trained from new weights, for comparison: as long as the original was, to be fair; None for as long
    as the fine-tuning. `earlier_epochs` were trained before, between the steps of an iterative schedule; the baselines
    are trained for them too.
    """

    train: TrainSpec | None = None
    recalibrate: bool = True
    distill: bool = False
    scratch_epochs: int | None = None
    earlier_epochs: int = 0
    baselines: bool = True
    reconstruct: int | None = None
    schedule: Schedule = "constant"
    seed: int = 0


def recover(
    original: keras.Model,
    result: PruneResult,
    examples: Examples,
    spec: RecoverySpec,
    progress: Progress | None = None,
) -> Recovery:
    """Recalibrate or reconstruct, and fine-tune `result.model`, in place, and measure its accuracy at every step.

    Args:
        original: the network that was pruned; it is never changed.
        result: what came out of the pruning.
        examples: data to train on and to judge by.
        spec: how.
        progress: is told what is trained.

    Raises:
        PruneError: the model is no classifier of one input and one output, the examples don't fit it, or the
            fine-tuning diverged.
    """
    check_fits(original, examples)
    return _Recovering(original, result, examples, spec, progress or Silent()).run()


@dataclass(frozen=True)
class _Recovering:
    """What is recovered, from which data, and how."""

    original: keras.Model
    result: PruneResult
    examples: Examples
    spec: RecoverySpec
    progress: Progress

    def run(self) -> Recovery:
        """Every step of the recovery in its turn, then the baselines."""
        spec = self.spec
        report: dict[str, Any] = {
            "examples": len(self.examples.test_labels),
            "epochs": 0 if spec.train is None else spec.train.epochs + spec.earlier_epochs,
            "distilled": spec.distill and spec.train is not None,
            "original": self._accuracy(self.original),
            "pruned": self._accuracy(self.result.model),
        }
        if spec.recalibrate:
            report |= self._recalibrate()
        if spec.reconstruct is not None:
            report |= self._reconstruct()
        if spec.train is not None:
            with self.progress.task("fine-tune"):
                self._finetune(self.result.model, spec.train, teacher=True)
                report |= {"tuned": self._accuracy(self.result.model), "schedule": spec.schedule}
        if spec.baselines:
            report |= self._baselines(report["epochs"])
        return Recovery(**report)

    def _recalibrate(self) -> dict[str, Any]:
        """Measure statistics again; on a copy where kernels are solved again, which starts from the original's."""
        with self.progress.task("recalibrate"):
            model = self.result.model if self.spec.reconstruct is None else copied(self.result.model)
            if not recalibrate(model, self.examples.train_images):
                return {}
            alike = copied(self.original)
            recalibrate(alike, self.examples.train_images)
            return {"recalibrated": self._accuracy(model), "original_recalibrated": self._accuracy(alike)}

    def _reconstruct(self) -> dict[str, Any]:
        with self.progress.task("reconstruct"):
            found = reconstruct_result(self.original, self.result, self.examples, self.spec)
            return {"reconstructed": self._accuracy(self.result.model), "reconstruction": found}

    def _baselines(self, epochs: int) -> dict[str, Any]:
        """Random channels of the same widths, those widths from new weights, and the original trained on."""
        train = None if self.spec.train is None else self.spec.train.model_copy(update={"epochs": epochs})
        if train is None and self.spec.reconstruct is None:
            return {}
        found = self._random_channels(train)
        return found if train is None else found | self._trained(train)

    def _random_channels(self, train: TrainSpec | None) -> dict[str, Any]:
        """They are reconstructed and fine-tuned in the same way."""
        told: dict[str, Any] = {}
        with self.progress.task("baseline: random channels"):
            found = trace(self.original)
            plan = random_plan_like(found, self.result.plan, self.spec.seed)
            model = remove(self.original, found, removal_of(found, plan))
            if self.spec.reconstruct is not None:
                images = taken(self.examples, self.spec.reconstruct, self.spec.seed)
                reconstruct(self.original, plan, model, images, self.spec.seed)
                told["random_reconstructed"] = self._accuracy(model)
            elif self.spec.recalibrate:
                recalibrate(model, self.examples.train_images)
            if train is not None:
                self._finetune(model, train, teacher=True)
                told["random_channels"] = self._accuracy(model)
        return told

    def _trained(self, train: TrainSpec) -> dict[str, Any]:
        epochs = self.spec.scratch_epochs or train.epochs
        with self.progress.task("baseline: the same widths from scratch"):
            keras.utils.set_random_seed(self.spec.seed)
            fresh = renewed(self.result.model)
            self._finetune(fresh, train.model_copy(update={"epochs": epochs}))
        with self.progress.task("baseline: the original, trained on"):
            longer = copied(self.original)
            if self.spec.recalibrate:
                recalibrate(longer, self.examples.train_images)
            self._finetune(longer, train)
        return {
            "from_scratch": self._accuracy(fresh),
            "scratch_epochs": epochs,
            "original_longer": self._accuracy(longer),
        }

    def _finetune(self, model: keras.Model, train: TrainSpec, *, teacher: bool = False) -> None:
        learned = self.original if teacher and self.spec.distill else None
        finetune(model, self.examples, train, teacher=learned, schedule=self.spec.schedule, seed=self.spec.seed)

    def _accuracy(self, model: keras.Model) -> float:
        return accuracy(model, self.examples)


def reconstruct_result(
    original: keras.Model, result: PruneResult, examples: Examples, spec: RecoverySpec
) -> Reconstruction:
    """Solve the kernels of what came out of a pruning, or of its last step, again, in place.

    Raises:
        PruneError: the examples are too few.
    """
    teacher, plan = result.cut_from or (original, result.plan)
    images = taken(examples, spec.reconstruct or RECONSTRUCT_IMAGES, spec.seed)
    return reconstruct(teacher, plan, result.model, images, spec.seed)


def taken(examples: Examples, most: int, seed: int) -> tuple[Any, ...]:
    """At most so many of the training images, drawn by the seed: an array for the model's one input."""
    return Data.of(examples.train_images, None, seed, most).examples


def check_fits(model: keras.Model, examples: Examples) -> None:
    """Raise PruneError unless the model is a classifier that these examples fit, ModelError where it has no graph."""
    check_readable(model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise PruneError("recovery needs a classifier with one input and one output; train the pruned model yourself")
    check_examples([model.input_shape], [examples.train_images])
    if not are_class_numbers(shaped_like_classes(examples.train_labels, model.output_shape), model.output_shape):
        raise PruneError("recovery needs class numbers as labels; train the pruned model yourself")
