"""Runs as a table of data: one row a variant, for notebooks and other tools.

Shares are fractions, differences of accuracy too (0.01 is one point); `us` are microseconds, `bytes` bytes. Columns
that end in `_batch_N` are there for each batch size that any of the runs measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.compare import kept
from harness.compare.answers import Answers, Interval, Variant
from harness.compare.comparing import compare
from harness.compare.results import RESULTS_FILE, read_results
from harness.spec import short

if TYPE_CHECKING:
    import pandas

# What each column holds; the columns stand in this order, factors behind them by name.
COLUMNS: Mapping[str, str] = {
    "study": "the study's name",
    "network": "the network, by its study's name for it",
    "variant": "`original`, or how it was pruned",
    "model": "the built-in model, or the file's stem",
    "seeds": "how many trainings there are of it",
    "seeds_counted": "of those, how many the accuracies rest on: finished, and the original learned",
    "learned": "whether an original learned; empty where that was not recorded",
    "examples": "test examples that each accuracy is of",
    "chance": "what always giving the commonest class would score, a share",
    "accuracy": "mean accuracy over the seeds that count, a share; `_low` and `_high` are its 95 % interval",
    "accuracy_change": "minus the original's on the same examples; with its interval",
    "accuracy_change_equal_training": "minus that of the original trained on for as many epochs; with its interval",
    "parameters": "weights, of the smallest seed's network",
    "size_bytes": "the ONNX file, of the smallest seed's network",
    "latency_us": "typical latency at a batch size, microseconds; empty where it was not measured",
    "speedup": "times as fast as the original at a batch size; with its 95 % interval",
    "verdict": "faster, slower, equivalent, inconclusive or same graph",
    "standing": "on the frontier of speed and accuracy, close behind, behind",
    "error": "why a seed of it failed; empty where none did",
}


def results(paths: Iterable[Path | str]) -> pandas.DataFrame:
    """The variants of runs, a row each, with the columns of `COLUMNS` and `factor_NAME` for each factor.

    Args:
        paths: folders of runs, or their results.json.

    Raises:
        SpecError: one is no run, or two are the same.
    """
    import pandas

    rows = [row for path in paths for row in _rows(Path(path))]
    columns = _ordered(dict.fromkeys(name for row in rows for name in row))
    return pandas.DataFrame([[row.get(name) for name in columns] for row in rows], columns=columns)


def table_file(results: Path, answers: Answers) -> bytes:
    """What is kept beside a run's results, so that their table need not be computed again."""
    return kept.written(results, [dict(_cells(answers, variant)) for variant in answers.variants])


def _rows(run: Path) -> list[dict[str, Any]]:
    """A run's rows: those that are kept beside its results, or what follows from these."""
    found = kept.read(run / RESULTS_FILE if run.is_dir() else run)
    if found is not None:
        return found
    answers = compare(read_results(run))
    return [dict(_cells(answers, variant)) for variant in answers.variants]


def _ordered(names: Iterable[str]) -> list[str]:
    """Columns in their order: those of each batch size together, before the last; then factors by name."""
    factors = sorted(name for name in names if name.startswith("factor_"))
    batches = sorted((name for name in names if "_batch_" in name), key=lambda name: int(name.rpartition("_")[2]))
    plain = [name for name in names if name not in {*factors, *batches}]
    return [*plain[:-1], *batches, *plain[-1:], *factors]


def write_table(frame: pandas.DataFrame, kind: str) -> bytes:
    """The table as a file's bytes: `csv`, `json` (a list of rows) or `parquet`.

    Raises:
        SpecError: another kind, or parquet without the package that writes it.
    """
    if kind == "csv":
        return str(frame.to_csv(index=False, lineterminator="\n")).encode()
    if kind == "json":
        return str(frame.to_json(orient="records", indent=1)).encode() + b"\n"
    if kind != "parquet":
        raise SpecError(f"--format {kind}: give csv, json or parquet")
    try:
        return bytes(frame.to_parquet(index=False) or b"")
    except ImportError:
        raise SpecError("--format parquet needs the package pyarrow; install it, or give csv") from None


def _cells(answers: Answers, variant: Variant) -> Iterator[tuple[str, Any]]:
    yield "study", answers.study
    yield "network", variant.network
    yield "variant", variant.label
    yield "model", variant.model
    yield "seeds", len(variant.seeds)
    yield "seeds_counted", len(variant.counted)
    yield "learned", variant.learned
    yield "examples", variant.examples
    yield "chance", variant.chance
    yield from _interval("accuracy", variant.accuracy)
    yield from _interval("accuracy_change", variant.change)
    yield from _interval("accuracy_change_equal_training", variant.equal_change)
    yield "parameters", variant.parameters[0] if variant.parameters else None
    yield "size_bytes", variant.size_bytes[0] if variant.size_bytes else None
    for batch in answers.batch_sizes:
        latency, speedup = variant.latencies.get(batch), variant.speedups.get(batch)
        place = variant.places.get(batch)
        yield f"latency_us_batch_{batch}", latency.typical_us if latency else None
        yield f"speedup_batch_{batch}", speedup.value if speedup else None
        yield f"speedup_low_batch_{batch}", speedup.low if speedup else None
        yield f"speedup_high_batch_{batch}", speedup.high if speedup else None
        yield f"verdict_batch_{batch}", speedup.verdict.value if speedup else None
        yield f"standing_batch_{batch}", place.standing.value if place else None
    yield "error", next((seed.error for seed in variant.seeds if seed.error), None)
    for name, value in variant.factors.items():
        yield f"factor_{name}", short(value)


def _interval(name: str, found: Interval | None) -> Iterator[tuple[str, float | None]]:
    yield name, found.value if found else None
    yield f"{name}_low", found.low if found else None
    yield f"{name}_high", found.high if found else None
