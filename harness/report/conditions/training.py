"""How the networks were trained, and when a training counts as having learned."""

from __future__ import annotations

from harness.compare.results import Results
from harness.records import Row
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct
from harness.report.names import file_name
from harness.stats.learned import NEAR_ZERO, SIGNIFICANCE


def training_part(results: Results) -> Part | None:
    """How long and with what each network was trained, and what came trained; None where nothing was trained."""
    done = [row for row in results.rows if row.training is not None and (row.case.file is None or _epochs(row))]
    if not done:
        return None
    recipes = distinct(_recipe(row) for row in done)
    where = distinct(
        f"Keras {row.training.keras_version} on {row.training.backend} ({row.training.device})"
        for row in done
        if row.training
    )
    seeds = sorted({row.case.seed for row in results.rows})
    text = f"{fmt.listed(recipes)}; {fmt.listed(where)}. Seeds: {', '.join(map(str, seeds))}."
    if any(_epochs(row) for row in results.rows):
        text += (
            " Fine-tuning measures the statistics of BatchNormalization again on the training examples and trains on "
            "with the same settings, for pruned variants and, as 'original, trained on', for their original."
        )
    taken_over = distinct(file_name(row.case.file.name) for row in results.rows if row.case.file is not None)
    if taken_over:
        they = ("it is", "it was") if len(taken_over) == 1 else ("they are", "they were")
        text += f" Not trained here but taken as {they[0]}: {fmt.listed(taken_over)}"
        text += f"; what is told is how {they[1]} fine-tuned." if any(_epochs(row) for row in results.rows) else "."
    return "Training", text


def _recipe(row: Row) -> str:
    """How a network was trained; one that came in a file, how it was fine-tuned."""
    spec = row.case.train
    if row.case.file is None and spec.steps is not None:
        length = fmt.plural(spec.steps, "step")
    else:
        length = fmt.plural(spec.epochs if row.case.file is None else _epochs(row), "epoch")
    return f"{length} of {spec.optimizer}, learning rate {spec.learning_rate:g}, batch {spec.batch_size}"


def _epochs(row: Row) -> int:
    """For how many epochs it was fine-tuned."""
    if row.prune is None:
        return row.longer_epochs if row.tuning is not None else 0
    return row.prune.finetune_epochs if row.pruning is not None and row.pruning.finetune is not None else 0


def learned_part(results: Results) -> Part:
    """When a training counts as having learned, and when anything is concluded."""
    luck = f"what always giving the commonest class would score (binomial test, one-sided, p below {SIGNIFICANCE:g})"
    here = (
        "A training has learned when its accuracy on the training examples in the last epoch (or, trained in steps, up "
        f"to the last record) is above {luck}, and its loss still fell, or was near zero (below {NEAR_ZERO:g})."
    )
    parts = [here] if any(row.case.file is None for row in results.rows) else []
    more = "Before anything is concluded, the accuracy of the original on the test examples must be above that, too."
    file = f"Nothing is concluded from a network unless its accuracy on the test examples is above {luck}."
    return "Learned", " ".join([*parts, more if parts else file])
