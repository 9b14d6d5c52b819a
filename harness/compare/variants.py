"""Rows to variants: what the seeds of one network, pruned in one way, say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.compare.answers import Interval, SeedOutcome, Variant
from harness.compare.pooling import accuracy_over_seeds, difference
from harness.records import Row
from harness.results import Results
from harness.spec import DataSpec, short


def variants_of(results: Results) -> tuple[Variant, ...]:
    """The variants of a run, in the order of its rows. Speed and frontier are added later."""
    originals = {row.case.name: row for row in results.rows if row.prune is None}
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in results.rows:
        groups.setdefault((row.case.network, row.variant), []).append(row)
    return tuple(variant_of(rows, originals) for rows in groups.values())


def variant_of(rows: Sequence[Row], originals: dict[str, Row]) -> Variant:
    """All seeds of one network and pruning. `originals` maps a case's name to its unpruned row."""
    first = rows[0]
    pairs = [(row, originals.get(row.case.name)) for row in rows]
    outcomes = tuple(outcome_of(row, original) for row, original in pairs)
    counted = pairs_that_count(pairs)
    prunings = [row.pruning for row in rows if row.pruning is not None]
    exports = [row.export for row in rows if row.export is not None]
    return Variant(
        network=first.case.network,
        label=first.variant,
        model=first.case.model_name,
        factors=dict(first.case.factors),
        prune=first.prune,
        trained_here=first.case.file is None,
        task=task_of(first.case.data),
        seeds=outcomes,
        counted=tuple(row.case.seed for row, _ in counted),
        parameters=_range(_parameters(row) for row in rows),
        size_bytes=_range(export.size_bytes for export in exports),
        accuracy=pooled_accuracy([row for row, _ in counted]),
        change=None if first.prune is None else pooled_change(counted),
        devices=tuple(dict.fromkeys(row.accuracy.device for row in rows if row.accuracy)),
        proof_difference=max((each.proof.largest_difference for each in prunings if each.proof), default=None),
        parity_difference=max((export.parity.largest_difference for export in exports), default=None),
        parity_disagreements=sum(export.parity.top1_disagreements for export in exports) if exports else None,
    )


def learned(row: Row) -> bool | None:
    """Whether the original of a row learned; None where what that takes was not recorded."""
    return row.training.learned if row.training is not None else None


def outcome_of(row: Row, original: Row | None) -> SeedOutcome:
    """One training of a variant."""
    before = original.accuracy if original else None
    return SeedOutcome(
        seed=row.case.seed,
        architecture=row.export.architecture if row.export else None,
        accuracy=accuracy_over_seeds([row.accuracy.correct]) if row.accuracy else None,
        change=(
            difference([row.accuracy.correct], [before.correct], paired_seeds=True)
            if row.prune is not None and row.accuracy and before
            else None
        ),
        learned=learned(row),
        error=row.error,
    )


def pairs_that_count(pairs: Sequence[tuple[Row, Row | None]]) -> list[tuple[Row, Row | None]]:
    """Leave out the seeds whose original did not learn, unless none did."""
    finished = [(row, original) for row, original in pairs if row.accuracy]
    return [pair for pair in finished if learned(pair[0]) is not False] or finished


def pooled_accuracy(rows: Sequence[Row]) -> Interval | None:
    corrects = [row.accuracy.correct for row in rows if row.accuracy]
    return accuracy_over_seeds(corrects) if corrects else None


def pooled_change(pairs: Sequence[tuple[Row, Row | None]]) -> Interval | None:
    """Accuracy minus that of the own originals, over the seeds in which both were evaluated."""
    both = [
        (row.accuracy.correct, original.accuracy.correct)
        for row, original in pairs
        if row.accuracy and original and original.accuracy
    ]
    return difference([a for a, _ in both], [b for _, b in both], paired_seeds=True) if both else None


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
    if row.pruning is not None:
        return row.pruning.parameters_after
    return row.training.parameters if row.training is not None else None


def _range(values: Iterable[int | None]) -> tuple[int, int] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None
