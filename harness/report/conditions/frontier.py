"""A run of `harness frontier`: what was asked of it, and the words that ask it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.report.commands import data_words
from harness.spec import Case, FrontierSpec, MeasureSpec, PruneSpec, usual_walk


def walk_of(prune: Sequence[PruneSpec], measure: MeasureSpec) -> FrontierSpec | None:
    """What was asked of `harness frontier`, if these are its prunings."""
    chosen = [spec for spec in prune if spec.speedup is not None and spec.baseline is None]
    scratch = next((spec.finetune_epochs for spec in prune if spec.baseline == "scratch"), None)
    if not chosen:
        return None
    epochs = chosen[0].finetune_epochs
    return FrontierSpec(
        targets=tuple(spec.speedup for spec in chosen if spec.speedup is not None),
        uniform=tuple(spec.ratio for spec in prune if spec.ratio is not None),
        importance=chosen[0].importance,
        epochs=epochs,
        scratch_epochs=None if scratch == epochs else scratch,
        batch_sizes=measure.batch_sizes,
        threads=measure.threads,
        device=measure.device,
        budget_s=measure.budget_s,
    )


def frontier_words(case: Case, walk: FrontierSpec) -> Iterator[str]:
    """What follows `harness`."""
    usual = usual_walk(case.model)
    yield from ("frontier", case.model, *data_words(case.data))
    listed = {"--targets": "targets", "--uniform": "uniform", "--batch": "batch_sizes"}
    for option, name in listed.items():
        if getattr(walk, name) != getattr(usual, name):
            yield from (option, ",".join(f"{value:g}" for value in getattr(walk, name)))
    for name in ("importance", "epochs", "scratch_epochs", "threads", "device", "budget_s"):
        if getattr(walk, name) != getattr(usual, name):
            yield from (f"--{name.removesuffix('_s').replace('_', '-')}", f"{getattr(walk, name)}")
