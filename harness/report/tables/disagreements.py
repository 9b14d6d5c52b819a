"""Test examples that a variant answers otherwise than its original."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.compare import Answers, Variant
from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.names import Names
from harness.report.tables.table import Cell, Column, Table

SHOWN = 8


def disagreement_table(results: Results, answers: Answers, names: Names) -> Table | None:
    """Every variant of a network against its original, over the seeds of both; None where none can be compared."""
    corrects = {
        (row.case.network, row.variant, row.case.seed): row.accuracy.correct
        for row in results.rows
        if row.accuracy is not None
    }
    originals = {variant.network: variant for variant in answers.variants if variant.original}
    rows = []
    for network in answers.networks:
        for variant in answers.of(network):
            original = originals.get(network)
            if original is None or variant.original:
                continue
            pairs = [
                (corrects[network, original.label, seed], corrects[network, variant.label, seed])
                for seed in variant.counted
                if (network, original.label, seed) in corrects
            ]
            if pairs:
                rows.append(_row(variant, pairs, names))
    columns = (
        Column("Network", number=False),
        Column("Variant", number=False),
        Column("Became wrong"),
        Column("Became right"),
        Column("Of"),
        Column("Wrong with every seed", number=False),
    )
    return Table(columns, tuple(rows)) if rows else None


def _row(variant: Variant, pairs: Sequence[tuple[str, str]], names: Names) -> tuple[Cell, ...]:
    before, after = (_hits(corrects) for corrects in zip(*pairs, strict=True))
    lost = before & ~after
    count, won = (int(np.count_nonzero(found)) for found in (lost, after & ~before))
    return (
        Cell(names.network(variant)),
        Cell(names.label(variant)),
        Cell(fmt.count(count), value=count),
        Cell(fmt.count(won), value=won),
        Cell(fmt.count(lost.size)),
        Cell(_listed(np.flatnonzero(lost.all(axis=0)).tolist())),
    )


def _hits(corrects: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which answers were right, bool (seeds, examples)."""
    hits: npt.NDArray[np.bool_] = np.array([np.frombuffer(each.encode(), np.uint8) for each in corrects]) == ord("1")
    return hits


def _listed(examples: Sequence[int]) -> str:
    """The first few by their number, and how many there are."""
    if not examples:
        return "none"
    shown = ", ".join(map(str, examples[:SHOWN]))
    return shown if len(examples) <= SHOWN else f"{shown} … {len(examples)} in all"
