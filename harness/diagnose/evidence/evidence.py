"""What the checks look at: a copy of the network, a batch of examples, and what happens in a few passes over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.batch import Batch, draw
from harness.diagnose.evidence.budget import cost_of_example, examples_within, rehearsals_within, steps_within
from harness.diagnose.evidence.forward import Forward, run_forward
from harness.diagnose.evidence.gradients import Backward, Gradients
from harness.diagnose.evidence.rehearsal import Rehearsal, rehearse
from harness.diagnose.network.calls import Network
from harness.diagnose.network.copy import copy_network
from harness.diagnose.network.head import Head, find_head
from harness.diagnose.network.layers import has_moved
from harness.diagnose.network.statistics import Remembered, measure_again
from harness.diagnose.question.labels import Labels, read_labels
from harness.diagnose.question.optimizers import clipping, with_rate
from harness.diagnose.question.question import Question
from harness.stats.learned import above_chance, chance_level

FEW = 0.2  # of the errors that always giving the commonest class makes: what has learned well makes no more


@dataclass(frozen=True)
class Passes:
    """One forward and one backward pass with the same weights."""

    forward: Forward
    backward: Backward


class Evidence:
    """Everything is computed when a check first asks for it, and kept."""

    def __init__(self, question: Question, seed: int | None = None) -> None:
        """With the weights that the model has, or with fresh ones drawn from `seed`."""
        self.question, self.seed = question, seed

    @cached_property
    def labels(self) -> Labels:
        """How the labels that were given encode classes."""
        return read_labels(self.question.labels, self.question.loss)

    @cached_property
    def network(self) -> Network:
        """The copy; its weights are what the last pass or rehearsal left."""
        return copy_network(self.question.model, self.question.image_shape, seed=self.seed)

    @cached_property
    def fresh(self) -> Evidence:
        """The same of a network that was never trained."""
        return Evidence(self.question, seed=0) if self.trained else self

    def as_given(self) -> Network:
        """The network with the user's weights, which a rehearsal changes."""
        self._restore()
        return self.network

    @cached_property
    def head(self) -> Head:
        """How the network makes its predictions."""
        return find_head(self.network)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of the user's model, for one example."""
        return self.question.output_shape

    @cached_property
    def cost(self) -> float:
        """Of one example, forward and backward."""
        return cost_of_example(self.network)

    @cached_property
    def batch_size(self) -> int:
        """As many examples as the budget allows for."""
        return examples_within(self.cost, len(self.question.images))

    @cached_property
    def steps(self) -> int:
        """How many optimizer steps the rehearsal has; 0 where it would be too few to say anything."""
        return steps_within(self.cost, self.batch_size, self.question.model.count_params())

    @property
    def affordable(self) -> int:
        """How many rehearsals at other learning rates the budget allows for."""
        return rehearsals_within(self.cost, self.batch_size, self.steps)

    @cached_property
    def batch(self) -> Batch:
        """Examples drawn at random, always the same ones for the same data."""
        return draw(self.question, self.labels, self.batch_size)

    @cached_property
    def gradients(self) -> Gradients:
        """Backward passes over the batch, with whatever weights the copy has."""
        return Gradients(self.network, self.head.logits, self.question.loss.function, len(self.batch.images))

    @cached_property
    def predictions(self) -> NDArray[Any]:
        """(B, ...) the output outside training, with the user's weights."""
        self._restore()
        return np.asarray(keras.ops.convert_to_numpy(self.network.model(self.batch.images, training=False)))

    @cached_property
    def trained(self) -> bool:
        """Whether the model has been trained: its optimizer counted steps, or what begins at zero has moved."""
        if self.seed is not None:
            return False
        if self.steps_trained > 0:
            return True
        return any(has_moved(call.layer) for call in self.network.calls)

    @cached_property
    def head_is_fresh(self) -> bool:
        """Whether the layer of the logits still has the zeros that its bias began with, as on a body trained before."""
        head = next((call.layer for call in self.as_given().calls if call.name == self.head.logits_layer), None)
        has_bias = getattr(head, "bias", None) is not None
        return has_bias and not self.steps_trained and not has_moved(head)

    @property
    def steps_trained(self) -> int:
        """How many steps the model's optimizer has counted."""
        model = self.question.model
        return int(model.optimizer.iterations) if model.compiled and model.optimizer is not None else 0

    def answers(self, outputs: NDArray[Any]) -> NDArray[np.int64] | None:
        """The class, (B,), that each output of the network, (B, ...), stands for; None where it stands for none."""
        rows = outputs.reshape(len(outputs), -1)
        if rows.shape[1] != self.output_shape[-1]:
            return None
        if rows.shape[1] > 1:
            return np.asarray(rows.argmax(axis=1), np.int64)
        middle = 0.0 if self.head.activation is None else 0.5
        return (rows[:, 0] > middle).astype(np.int64)

    @cached_property
    def accuracy(self) -> float | None:
        """Of the predictions on the batch; None where the labels are not classes."""
        classes, answers = self.batch.classes, self.answers(self.predictions)
        return None if classes is None or answers is None else float((answers == classes).mean())

    @cached_property
    def measured_again(self) -> tuple[NDArray[Any], tuple[Remembered, ...]] | None:
        """The output outside training, (B, ...), with normalization by what goes into it, and how far that is.

        None where nothing keeps moving averages, or these only begin, as in a network that was never trained.
        """
        layers = [call.layer for call in self.network.calls if isinstance(call.layer, keras.layers.BatchNormalization)]
        if not layers or (not self.trained and all(layer.trainable for layer in layers)):
            return None
        self._restore()
        return measure_again(self.network, self.batch.images)

    @cached_property
    def has_learned(self) -> bool:
        """Whether the model, as it was given, does better than chance."""
        classes, accuracy = self.batch.classes, self.accuracy
        if not self.trained or classes is None or accuracy is None:
            return False
        return above_chance(accuracy, chance_level(classes), len(classes))

    @cached_property
    def knows_most(self) -> bool:
        """Whether the model, as it was given, makes few of the errors that chance does."""
        if not self.has_learned:
            return False
        assert self.batch.classes is not None
        assert self.accuracy is not None
        return 1 - self.accuracy <= FEW * (1 - chance_level(self.batch.classes))

    @cached_property
    def before(self) -> Passes:
        """With the weights that the user's model has."""
        forward = self._first
        self._restore()
        return Passes(forward, self._backward())

    @cached_property
    def rehearsed(self) -> tuple[Rehearsal, Passes]:
        """A rehearsal at the learning rate asked about, and a pass with the weights it led to."""
        if not self.steps:
            found = self.before.backward
            return Rehearsal((found.loss,), (found.penalty,), moved=0.0), self.before
        rehearsal = self._rehearse(self.question.learning_rate)
        return rehearsal, Passes(self._run_forward(), self._backward())

    @property
    def rehearsal(self) -> Rehearsal:
        """At the learning rate asked about."""
        return self.rehearsed[0]

    @property
    def after(self) -> Passes:
        """With the weights that the rehearsal led to."""
        return self.rehearsed[1]

    @property
    def losses(self) -> tuple[float, ...]:
        """Of the predictions alone, before each step of the rehearsal and after the last."""
        return self.rehearsal.losses

    @property
    def penalties(self) -> tuple[float, ...]:
        """What regularizers and `add_loss` add to each of `losses`; none where there are none."""
        return self.rehearsal.penalties if self.penalized else ()

    def rehearse(self, learning_rate: float) -> tuple[float, ...]:
        """The losses of a rehearsal at some learning rate, beginning with the user's weights."""
        return self._rehearse(learning_rate).losses

    def rehearse_without_decay(self) -> Rehearsal:
        """A rehearsal at the learning rate asked about, in which the optimizer takes nothing off the weights."""
        return self._rehearse(self.question.learning_rate, weight_decay=0.0)

    @cached_property
    def penalized(self) -> bool:
        """Whether anything but the predictions adds to what `fit` lowers."""
        return bool(self._first.penalties)

    def rehearse_freely(self) -> Rehearsal:
        """A rehearsal without clipping, of a loss that is not weighed."""
        return self._rehearse(
            self.question.learning_rate, weight=1.0, **dict.fromkeys(clipping(self.question.optimizer))
        )

    @cached_property
    def trainable_weights(self) -> tuple[NDArray[Any], ...]:
        """Those that training changes, as the user's model has them, in Keras's order."""
        self._restore()
        return tuple(np.asarray(keras.ops.convert_to_numpy(w)) for w in self.network.model.trainable_variables)

    def _rehearse(self, learning_rate: float, weight: float | None = None, **options: Any) -> Rehearsal:
        self._restore()
        optimizer = with_rate(self.question.optimizer, learning_rate, **options)
        return rehearse(self.network, lambda: self._backward(weight), optimizer, self.steps)

    @cached_property
    def _first(self) -> Forward:
        """A forward pass with the weights that the user's model has."""
        self._restore()
        return self._run_forward()

    def _run_forward(self) -> Forward:
        return run_forward(self.network, self.head.logits, self.batch.images)

    def _backward(self, weight: float | None = None) -> Backward:
        weight = self.question.loss.weight if weight is None else weight
        return self.gradients(self.batch.images, self.batch.targets, penalized=self.penalized, weight=weight)

    @cached_property
    def _start(self) -> list[NDArray[Any]]:
        return list(self.network.model.get_weights())

    def _restore(self) -> None:
        self.network.model.set_weights(self._start)
