"""The commands that make things again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from harness.compare import Variant
from harness.compare.results import Results
from harness.report.conditions.reproduce import TOLD, data_words, run_command
from harness.spec import Case, DataSpec, PruneSpec, TrainSpec


def making(results: Results, variant: Variant) -> tuple[str, str]:
    """What a command does, and the command that makes a variant: of a file `harness prune`, else the run itself."""
    case = next(row.case for row in results.rows if row.case.network == variant.network)
    prune = variant.prune
    if case.file is None or prune is None or not _tellable(case, prune):
        return "Make it, with the rest of the run", run_command(results)
    words = ("harness", "prune", *_prune_words(case, prune))
    return "Make it", " ".join(map(shlex.quote, words))


def _tellable(case: Case, prune: PruneSpec) -> bool:
    """Whether options of `harness prune` say all of it."""
    told = case.data == DataSpec(**case.data.model_dump(include=TOLD))
    tuned = not prune.finetune_epochs or case.train.optimizer == "adam"
    return told and tuned and prune.remove is None and prune.rows != "first"


def _prune_words(case: Case, prune: PruneSpec) -> Iterator[str]:
    """What follows `harness prune` to get this pruning of a file."""
    yield case.model
    yield from ("--ratio", f"{prune.ratio:g}") if prune.ratio is not None else ("--filters", str(prune.filters))
    if prune.importance != "l1":
        yield from ("--importance", prune.importance)
    if prune.global_ranking:
        yield "--global"
    if prune.round_to > 1:
        yield from ("--round-to", str(prune.round_to))
    for layer in prune.keep:
        yield from ("--keep", layer)
    yield from ("--data", *data_words(case))
    if prune.recover is not None:
        yield "--reconstruct"
    if prune.reconstruct_images is not None:
        yield from ("--reconstruct-images", str(prune.reconstruct_images))
    if prune.finetune_epochs:
        yield from _tuning_words(case.train, prune)
    if case.seed:
        yield from ("--seed", str(case.seed))


def _tuning_words(train: TrainSpec, prune: PruneSpec) -> Iterator[str]:
    """What differs from the defaults of `harness prune`."""
    yield from ("--finetune-epochs", str(prune.finetune_epochs))
    if prune.schedule != ("constant" if prune.recover is None else "cosine"):
        yield from ("--finetune-schedule", prune.schedule)
    if train.learning_rate != 1e-3:
        yield from ("--learning-rate", f"{train.learning_rate:g}")
    if train.batch_size != 64:
        yield from ("--batch-size", str(train.batch_size))
