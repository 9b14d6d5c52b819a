"""Short trainings without and with a cure over several seeds, from the same weights but where those are the fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from harness.base.progress import Progress
from harness.diagnose.cures.changes import change_for, why_untried
from harness.diagnose.evidence.change import Change
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.gradients import worth_compiling
from harness.diagnose.findings import Finding, Proof, Trial
from harness.diagnose.network.calls import Network
from harness.diagnose.network.copy import copy_network
from harness.diagnose.question.labels import targets_for
from harness.diagnose.question.optimizers import with_rate
from harness.stats.learned import chance_level, learned

SEEDS = (0, 1, 2)
BATCH = 32
STEPS = 90
FEWEST_STEPS = 30
# Of one training, in the unit of `Evidence.cost`: about ten seconds on two cores.
BUDGET = 60e9
PARTS = 3  # of the steps without a cure; patience adds more of the same length


@dataclass(frozen=True)
class _Length:
    steps: int
    batch: int


def with_proofs(evidence: Evidence, findings: Sequence[Finding], progress: Progress) -> tuple[Finding, ...]:
    """The findings that are more than a note, each with a proof, or a word on why its cure was not tried."""
    changes = {
        index: change
        for index, finding in enumerate(findings)
        if finding.severity != "note" and (change := change_for(evidence, finding)) is not None
    }
    if not changes or evidence.labels.classes is None:
        return untried(findings)
    proven = list(untried(findings))
    length = _length(evidence)
    unchanged = {(change.of_weights, change.in_inference): change.unchanged for change in changes.values()}
    with progress.task("prove", total=len(SEEDS) * (len(unchanged) + len(changes))) as task:

        def trials(change: Change) -> tuple[Trial, ...]:
            trainer = _Trainer(evidence, change, length)
            made = []
            for seed in SEEDS:
                made.append(trainer.trial(seed))
                task.advance(note=change.text)
            return tuple(made)

        without = {key: trials(change) for key, change in unchanged.items()}
        for index, change in changes.items():
            proof = Proof(
                change=f"with {change.text}",
                examples=min(len(evidence.question.images), length.steps * length.batch),
                steps=length.steps,
                learning_rate=evidence.question.learning_rate,
                without=without[change.of_weights, change.in_inference],
                with_cure=trials(change),
            )
            proven[index] = findings[index].model_copy(update={"proof": proof, "untried": None})
    return tuple(proven)


def untried(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with a word on why their cures were not tried, but for notes, which need no cure."""
    return tuple(
        finding if finding.severity == "note" else finding.model_copy(update={"untried": why_untried(finding.kind)})
        for finding in findings
    )


def _length(evidence: Evidence) -> _Length:
    """How long a training the budget allows: at least 30 steps, of smaller batches where examples are costly."""
    batch = int(np.clip(BUDGET / (evidence.cost * FEWEST_STEPS), 4, min(BATCH, len(evidence.question.images))))
    steps = int(np.clip(BUDGET / (evidence.cost * batch), FEWEST_STEPS, STEPS))
    return _Length(steps // PARTS * PARTS, batch)


class _Trainer:
    """One network with a change made, which begins afresh for each seed, so that it is compiled once."""

    def __init__(self, evidence: Evidence, change: Change, length: _Length) -> None:
        question = evidence.question
        self.evidence, self.change, self.length = evidence, change, length
        self.targets = targets_for(question.loss, question.labels, evidence.labels, evidence.output_shape)
        self.images = np.arange(len(question.images)) if change.keep is None else np.flatnonzero(change.keep)
        network = self._begun(0)
        self.model = network.model
        optimizer = with_rate(question.optimizer, change.learning_rate or question.learning_rate)
        for name, value in change.optimizer.items():
            setattr(optimizer, name, value)
        if network.computes_in_float16:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(self.model.trainable_variables)
        self.model.compile(
            optimizer=optimizer,
            loss=change.loss or question.loss.function,
            loss_weights=question.loss.weight,
            metrics=["accuracy"],
            jit_compile=worth_compiling(),
            auto_scale_loss=False,
        )
        self.start = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]

    def trial(self, seed: int) -> Trial:
        """Train from where it begins, and judge the last part, of as many steps whatever the change's patience is."""
        self.model.set_weights(self._begun(seed).model.get_weights())
        for variable, value in zip(self.model.optimizer.variables, self.start, strict=True):
            variable.assign(value)
        random = np.random.default_rng(seed)
        steps = self.length.steps // PARTS
        parts = [self._part(random, steps) for _ in range(PARTS * self.change.patience)]
        losses, accuracy = [loss for loss, _ in parts], parts[-1][1]
        if self.change.in_inference:
            accuracy = self._in_inference(random, steps)
        classes = self.evidence.labels.classes
        assert classes is not None
        judged = learned(accuracy, chance_level(classes), steps * self.length.batch, losses)
        return Trial(seed=seed, accuracy=accuracy, learned=judged)

    def _part(self, random: np.random.Generator, steps: int) -> tuple[float, float]:
        """The mean loss and accuracy over some steps, each before it is taken."""
        images, sums = self.evidence.question.images, np.zeros(2)
        for _ in range(steps):
            chosen = random.choice(self.images, min(self.length.batch, len(self.images)), replace=False)
            taken = self.change.on(images[chosen])
            self.model.reset_metrics()  # TensorFlow's trainer does so by itself, others add batches up
            logs = self.model.train_on_batch(taken, self.targets[chosen], return_dict=True)
            sums += logs["loss"], logs["accuracy"]
        loss, accuracy = sums / steps
        return float(loss), float(accuracy)

    def _in_inference(self, random: np.random.Generator, batches: int) -> float:
        """The accuracy over some batches that are not learned from."""
        found = []
        for _ in range(batches):
            chosen = random.choice(self.images, min(self.length.batch, len(self.images)), replace=False)
            taken = self.change.on(self.evidence.question.images[chosen])
            self.model.reset_metrics()
            found.append(self.model.test_on_batch(taken, self.targets[chosen], return_dict=True)["accuracy"])
        return float(np.mean(found))

    def _begun(self, seed: int) -> Network:
        """The changed network with fresh weights, or with the user's."""
        question, drawn = self.evidence.question, None if self.change.given else seed
        return copy_network(question.model, question.image_shape, edit=self.change.edit, seed=drawn)
