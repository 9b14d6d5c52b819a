"""Short trainings without and with a cure, from the same fresh weights, over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.diagnose.changes import Change, change_for
from harness.diagnose.evidence import Evidence
from harness.diagnose.findings import Finding, Proof, Trial
from harness.diagnose.gradients import worth_compiling
from harness.diagnose.network import copy_network
from harness.diagnose.rehearsal import with_rate
from harness.diagnose.targets import targets_for
from harness.learned import chance_level, learned
from harness.progress import Progress

SEEDS = (0, 1, 2)
BATCH = 32
STEPS = 90
FEWEST_STEPS = 30
# Of one training, in the unit of `Evidence.cost`: about ten seconds on two cores.
BUDGET = 60e9
PARTS = 3


@dataclass(frozen=True)
class _Length:
    steps: int
    batch: int


def with_proofs(evidence: Evidence, findings: Sequence[Finding], progress: Progress) -> tuple[Finding, ...]:
    """The findings, with a proof at each whose cure can be applied by itself and is more than a note."""
    changes = {
        index: change
        for index, finding in enumerate(findings)
        if finding.severity != "note" and (change := change_for(evidence, finding)) is not None
    }
    if not changes or evidence.batch.classes is None:
        return tuple(findings)
    length = _length(evidence)
    proven = list(findings)
    with progress.task("prove", total=len(SEEDS) * (1 + len(changes))) as task:

        def trials(change: Change) -> tuple[Trial, ...]:
            made = []
            for seed in SEEDS:
                made.append(_trial(evidence, change, length, seed))
                task.advance(note=change.text)
            return tuple(made)

        without = trials(Change("as it is"))
        for index, change in changes.items():
            proof = Proof(
                change=f"with {change.text}",
                examples=min(len(evidence.question.images), length.steps * length.batch),
                steps=length.steps,
                learning_rate=evidence.question.learning_rate,
                without=without,
                with_cure=trials(change),
            )
            proven[index] = findings[index].model_copy(update={"proof": proof})
    return tuple(proven)


def _length(evidence: Evidence) -> _Length:
    """How long a training the budget allows: at least 30 steps, of smaller batches where examples are costly."""
    batch = int(np.clip(BUDGET / (evidence.cost * FEWEST_STEPS), 4, min(BATCH, len(evidence.question.images))))
    steps = int(np.clip(BUDGET / (evidence.cost * batch), FEWEST_STEPS, STEPS))
    return _Length(steps // PARTS * PARTS, batch)


def _trial(evidence: Evidence, change: Change, length: _Length, seed: int) -> Trial:
    """Train a fresh copy, and judge its last third of steps."""
    question = evidence.question
    network = copy_network(question.model, tuple(question.images.shape[1:]), edit=change.edit, seed=seed)
    rate = change.learning_rate or question.learning_rate
    network.model.compile(
        optimizer=with_rate(question.optimizer, rate),
        loss=change.loss or question.loss.function,
        metrics=["accuracy"],
        jit_compile=worth_compiling(),
    )
    targets = targets_for(question.loss, question.labels, evidence.labels, evidence.output_shape)
    random = np.random.default_rng(seed)
    losses, logs = [], {"accuracy": 0.0}
    for _ in range(PARTS):
        network.model.reset_metrics()
        for _ in range(length.steps // PARTS):
            chosen = random.choice(len(question.images), length.batch, replace=False)
            images = (question.images[chosen].astype(np.float32) - change.shift) / change.scale
            logs = network.model.train_on_batch(images, targets[chosen], return_dict=True)
        losses.append(float(logs["loss"]))
    classes = evidence.labels.classes
    assert classes is not None
    seen = length.steps // PARTS * length.batch
    accuracy = float(logs["accuracy"])
    return Trial(seed=seed, accuracy=accuracy, learned=learned(accuracy, chance_level(classes), seen, losses))
