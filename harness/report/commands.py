"""What to type to get a variant of a network that came in a file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from harness.compare.results import Results
from harness.records import Row
from harness.spec import Case, DataSpec, MeasureSpec, PruneSpec, TrainSpec, usual_importance

# What the command line can be told of the data.
TOLD = {"name", "scale", "color", "resize", "limit"}


def commands_of(results: Results) -> dict[tuple[str, str], str]:
    """The command that makes each pruned variant, by network and label; none for those that no command makes."""
    found: dict[tuple[str, str], str] = {}
    for row in results.rows:
        key = (row.case.network, row.variant)
        if row.prune is None or row.quantize is not None or key in found:
            continue
        if row.case.file is not None and tellable(row.case.data):
            words = _words(row.case, _as_told(row, row.prune), results.spec)
            if words is not None:
                found[key] = f"harness prune {' '.join(map(shlex.quote, words))}"
    return found


def _as_told(row: Row, prune: PruneSpec) -> PruneSpec:
    """What makes a variant: of one whose share follows from a measurement, that share."""
    if row.pruning is None or row.pruning.matched is None:
        return prune
    told = {"ratio": row.pruning.matched.ratio, "speedup": None, "max_latency_us": None, "baseline": None}
    return prune.model_copy(update=told)


def tellable(data: DataSpec) -> bool:
    """Whether a command's options can say all of it."""
    return data == DataSpec(**data.model_dump(include=TOLD))


def data_words(data: DataSpec) -> Iterator[str]:
    """The options that name the data."""
    yield from ("--data", data.name)
    if data.scale != DataSpec().scale:
        yield from ("--scale", data.scale)
    if data.color:
        yield "--color"
    if data.resize is not None:
        yield from ("--resize", "x".join(map(str, data.resize)))
    if data.limit is not None:
        yield from ("--limit", str(data.limit))


def _words(case: Case, prune: PruneSpec, measure: MeasureSpec) -> list[str] | None:
    """What follows `harness prune`; of a baseline that of the variant whose widths it has, which tells it beside."""
    shown = prune if prune.baseline is None else _of_its_widths(case, prune)
    other = case.train.model_dump(exclude={"epochs", "learning_rate", "batch_size"})
    if shown is None or shown.remove is not None or shown.rows == "first" or prune.baseline == "uniform":
        return None
    if other != TrainSpec().model_dump(exclude={"epochs", "learning_rate", "batch_size"}):
        return None
    words = [case.model, *_chosen(case.model, shown, measure), *data_words(case.data), *_recovered(shown, case.train)]
    if prune.baseline == "scratch" and prune.finetune_epochs != shown.finetune_epochs:
        words += ["--scratch-epochs", str(prune.finetune_epochs)]
    return [*words, "--seed", str(case.seed)] if case.seed else words


def _of_its_widths(case: Case, prune: PruneSpec) -> PruneSpec | None:
    """The variant of which a baseline has the widths."""
    same = ("ratio", "filters", "speedup", "max_latency_us", "importance", "keep", "round_to", "global_ranking")
    alike = [each for each in case.prune if all(getattr(each, name) == getattr(prune, name) for name in same)]
    return next((each for each in alike if each.baseline is None), None)


def _chosen(model: str, prune: PruneSpec, measure: MeasureSpec) -> Iterator[str]:
    amounts: Mapping[str, float | None] = {
        "--ratio": prune.ratio,
        "--filters": prune.filters,
        "--speedup": prune.speedup,
        "--max-latency-us": prune.max_latency_us,
    }
    for option, amount in amounts.items():
        if amount is not None:
            yield from (option, f"{amount:g}")
    if prune.by_latency:
        yield from ("--batch", ",".join(map(str, measure.batch_sizes)))
        yield from ("--threads", str(measure.threads)) if measure.threads != 1 else ()
        yield from ("--device", measure.device) if measure.device != "auto" else ()
    usual = usual_importance(model, reconstructed=prune.recover is not None)
    yield from ("--importance", prune.importance) if prune.importance != usual else ()
    if prune.global_ranking:
        yield "--global"
    yield from ("--round-to", str(prune.round_to)) if prune.round_to != 1 else ()
    for layer in prune.keep:
        yield from ("--keep", layer)


def _recovered(prune: PruneSpec, train: TrainSpec) -> Iterator[str]:
    if prune.recover is not None:
        yield "--reconstruct"
        if prune.reconstruct_images is not None:
            yield from ("--reconstruct-images", str(prune.reconstruct_images))
    if not prune.finetune_epochs:
        return
    yield from ("--finetune-epochs", str(prune.finetune_epochs))
    usual = "constant" if prune.recover is None else "cosine"
    yield from ("--finetune-schedule", prune.schedule) if prune.schedule != usual else ()
    defaults = TrainSpec()
    if train.learning_rate != defaults.learning_rate:
        yield from ("--learning-rate", f"{train.learning_rate:g}")
    if train.batch_size != defaults.batch_size:
        yield from ("--batch-size", str(train.batch_size))
