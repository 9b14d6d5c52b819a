"""What prunes a network in Keras and trains it on, in a study."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from harness.base.progress import Progress
from harness.data import Dataset
from harness.pipeline.widths import plan_of
from harness.records import ChosenWidths, Pruning, Training
from harness.spec import Case, PruneSpec, Schedule


def pruned(
    original: Any, case: Case, spec: PruneSpec, widths: ChosenWidths | None, dataset: Dataset, progress: Progress
) -> tuple[Any, Pruning]:
    """A pruned network, trained on where that is asked for, and what was done to it.

    Raises:
        TooSlowError: it is to have widths by latency, and there are none.
        PruneError, ProofError: as `harness.prune.prune` does.
    """
    from harness.prune.api import prune, prune_like

    data = (dataset.train_images, dataset.train_labels)
    if widths is not None:
        made = prune_like(original, plan_of(widths), spec, data=data, seed=case.seed)
        made = replace(made, speed=widths.speed, matched=widths.matched)
    else:
        made = prune(original, spec, data=data, seed=case.seed)
    tuning = None
    if spec.finetune_epochs:
        recalibrated = made.reconstruction is None and spec.baseline != "scratch"
        epochs, schedule = spec.finetune_epochs, spec.schedule
        tuning = tuned(made.model, case, dataset, epochs, schedule, progress, recalibrated=recalibrated)
    return made.model, made.record(tuning)


def tuned(  # noqa: PLR0913 - what is trained, on what, and how
    model: Any,
    case: Case,
    dataset: Dataset,
    epochs: int,
    schedule: Schedule,
    progress: Progress,
    *,
    recalibrated: bool = True,
) -> Training:
    """Fine-tune a network in place, as `harness prune` does."""
    from harness.prune.recover.finetune import tune
    from harness.training.train import training_of

    spec = case.train.changed({"epochs": epochs}, "fine-tuning")
    started = time.perf_counter()
    with progress.task("fine-tune"):
        history = tune(model, dataset, spec, recalibrated=recalibrated, schedule=schedule, seed=case.seed)
    return training_of(model, history, time.perf_counter() - started, dataset.train_labels)
