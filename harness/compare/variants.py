"""Rows to variants: what the seeds of one network, pruned in one way, say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness import stats
from harness.compare.answers import Interval, SeedOutcome, Variant
from harness.compare.pooling import accuracy_over_seeds, difference, paired
from harness.compare.results import Results
from harness.records import Pruning, Row
from harness.spec import DataSpec, short

# A row, and its original.
Pair = tuple[Row, Row | None]


def variants_of(results: Results) -> tuple[Variant, ...]:
    """The variants of a run, in the order of its rows. Speed and frontier are added later."""
    originals = {(row.case.name, row.longer_epochs): row for row in results.rows if not row.derived}
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in results.rows:
        groups.setdefault((row.case.network, row.variant), []).append(row)
    return corrected([variant_of(rows, originals) for rows in groups.values()])


def variant_of(rows: Sequence[Row], originals: Mapping[tuple[str, int], Row]) -> Variant:
    """All seeds of one network and pruning. `originals` are by case and by the epochs that they were trained on for."""
    first = rows[0]
    pairs = [(row, originals.get((row.case.name, 0))) for row in rows]
    tuned = first.prune is not None and first.prune.baseline != "scratch"
    epochs = first.prune.finetune_epochs if first.prune is not None and tuned else 0
    able = that_learned(pairs)
    equals = [(row, originals.get((row.case.name, epochs)) if epochs else None) for row, _ in able]
    outcomes = tuple(outcome_of(row, original) for row, original in pairs)
    counted, task = pairs_that_count(pairs), task_of(first.case.data)
    prunings = [row.pruning for row in rows if row.pruning is not None]
    exports = [row.export for row in rows if row.export is not None]
    parities = [export.parity for export in exports if export.parity is not None]
    return Variant(
        network=first.case.network,
        label=first.variant,
        model=first.case.model_name,
        factors=dict(first.case.factors),
        prune=first.prune,
        longer_epochs=first.longer_epochs,
        quantize=first.quantize,
        in_float32=None if first.quantize is None else first.in_float32,
        blamed=next((row.quantization.blamed for row in rows if row.quantization and row.quantization.blamed), ()),
        trained_here=first.case.file is None,
        suffix="" if first.case.file is None else first.case.file.suffix,
        task=task,
        arena=task,
        seeds=outcomes,
        counted=tuple(row.case.seed for row, _ in counted),
        examples=next((row.accuracy.examples for row in rows if row.accuracy), None),
        chance=next((row.accuracy.chance for row in rows if row.accuracy), None),
        parameters=_range(_parameters(row) for row in rows),
        size_bytes=_range(export.size_bytes for export in exports),
        accuracy=pooled_accuracy([row for row, _ in counted]),
        change=None if first.original else pooled_change(able),
        equal_change=pooled_change(equals),
        loss_p=mcnemar(equals if any(other for _, other in equals) else able) if first.derived else None,
        widths=common_widths(prunings),
        devices=tuple(dict.fromkeys(row.accuracy.device for row in rows if row.accuracy)),
        proof_difference=max((each.proof.largest_difference for each in prunings if each.proof), default=None),
        parity_difference=max((parity.largest_difference for parity in parities), default=None),
        parity_disagreements=sum(parity.top1_disagreements for parity in parities) if parities else None,
    )


def learned(row: Row, original: Row | None) -> bool | None:
    """Whether the original of a row learned, and is better than luck on the test examples.

    None where what that takes was not recorded. Of a network that came in a file, only the second can be known.
    """
    here = row.training.learned if row.training is not None else None
    shown = original.accuracy.above_chance if original is not None and original.accuracy is not None else None
    known = [each for each in (here, shown) if each is not None]
    return all(known) if known else None


def at_chance(row: Row, original: Row | None) -> bool:
    """Whether the original is no better than luck, though nothing is known against its training."""
    return learned(row, original) is False and not (row.training is not None and row.training.learned is False)


def outcome_of(row: Row, original: Row | None) -> SeedOutcome:
    """One training of a variant."""
    before = original.accuracy if original else None
    return SeedOutcome(
        seed=row.case.seed,
        architecture=row.export.architecture if row.export else None,
        accuracy=accuracy_over_seeds([row.accuracy.correct]) if row.accuracy else None,
        change=(
            difference([row.accuracy.correct], [before.correct], paired_seeds=True)
            if not row.original and row.accuracy and before and learned(row, original) is not False
            else None
        ),
        learned=learned(row, original),
        at_chance=at_chance(row, original),
        error=row.error,
    )


def that_learned(pairs: Sequence[Pair]) -> list[Pair]:
    """Leave out the seeds whose original did not learn."""
    return [pair for pair in pairs if learned(*pair) is not False]


def pairs_that_count(pairs: Sequence[Pair]) -> list[Pair]:
    """Leave out the seeds that did not finish, and those whose original did not learn, unless none did."""
    finished = [pair for pair in pairs if pair[0].accuracy]
    return that_learned(finished) or finished


def pooled_accuracy(rows: Sequence[Row]) -> Interval | None:
    """Mean accuracy over the seeds that were evaluated; None without one."""
    corrects = [row.accuracy.correct for row in rows if row.accuracy]
    return accuracy_over_seeds(corrects) if corrects else None


def pooled_change(pairs: Sequence[Pair]) -> Interval | None:
    """Accuracy minus that of the other row, over the seeds in which both were evaluated."""
    both = [
        (row.accuracy.correct, original.accuracy.correct)
        for row, original in pairs
        if row.accuracy and original and original.accuracy
    ]
    return difference([a for a, _ in both], [b for _, b in both], paired_seeds=True) if both else None


def mcnemar(pairs: Sequence[Pair]) -> float | None:
    """The p-value of the one seed that was evaluated beside its original; None of several."""
    both = [(row.accuracy, original.accuracy) for row, original in pairs if original is not None]
    known = [(ours.correct, theirs.correct) for ours, theirs in both if ours is not None and theirs is not None]
    if len(known) != 1:
        return None
    ours, theirs = known[0]
    return paired(ours, theirs).p_value


def corrected(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """The variants with their p-values corrected for how many there are."""
    tested = [variant for variant in variants if variant.loss_p is not None]
    adjusted = stats.holm([variant.loss_p for variant in tested if variant.loss_p is not None])
    found = dict(zip((variant.key for variant in tested), adjusted, strict=True))
    return tuple(
        variant.model_copy(update={"loss_p": found[variant.key]}) if variant.key in found else variant
        for variant in variants
    )


def common_widths(prunings: Sequence[Pruning]) -> dict[str, int] | None:
    """How many channels each layer keeps, where all seeds agree."""
    found = [{layer: len(kept) for layer, kept in pruning.plan.kept.items()} for pruning in prunings]
    return found[0] if found and all(each == found[0] for each in found) else None


def task_of(data: DataSpec) -> str:
    """Which test examples: accuracies can be compared, and form a frontier, within a task.

    `scale` and `label_noise` are left out: they change how a network is fed or taught, not what it is asked.
    """
    defaults = DataSpec()
    parts = [
        f"{key}={short(value)}"
        for key, value in data
        if key not in ("name", "scale", "label_noise") and value != getattr(defaults, key)
    ]
    return ", ".join([data.name, *parts])


def _parameters(row: Row) -> int | None:
    """Its own, known of what was pruned, or of what was not to be."""
    if row.pruning is not None:
        return row.pruning.parameters_after
    if row.prune is not None:
        return None
    return row.training.parameters if row.training is not None else None


def _range(values: Iterable[int | None]) -> tuple[int, int] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None
