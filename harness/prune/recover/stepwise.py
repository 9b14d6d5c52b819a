"""Prune little by little, with training between the steps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras

from harness.base.errors import PruneError
from harness.prune.choose.decide import check_removes, decide
from harness.prune.choose.planning import composed, plan_of, removes_nothing
from harness.prune.data.given import Data
from harness.prune.keras_graph.cost.report import report
from harness.prune.keras_graph.pinned import pinned
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.trace import trace
from harness.prune.result import PruneResult, cut_and_prove
from harness.spec import PruneSpec

Tune = Callable[[PruneResult], None]


def prune_in_steps(
    model: keras.Model, spec: PruneSpec, steps: int, tune: Tune, *, data: Any = None, seed: int = 0
) -> PruneResult:
    """Prune little by little, and let `tune` train the network between the steps; a proof for every step.

    After step k of N, k/N of the ratio is gone of the channels that each group had at first, rounded in favour of
    keeping: so the widths at the end are those of one shot. The plan of the result is about the original; its proof
    holds the trials of all steps.

    Args:
        model: the network to prune; it is never changed.
        spec: what to remove in all, by `ratio`.
        steps: in how many steps.
        tune: wins accuracy back, in place, of what came out of a step; called before the next one, once something is
            gone.
        data: as in `prune`.
        seed: as in `prune`.

    Raises:
        PruneError: the spec has no ratio, a step can't be done, or nothing would be removed.
    """
    if spec.ratio is None or spec.rows == "first" or steps < 1:
        raise PruneError(f"can't prune {spec.label} in {steps} steps; give a ratio, right rows, and one step at least")
    found = trace(model, spec.keep)
    sizes = [len(group.channels) for group in found.channels.groups()]
    results: list[PruneResult] = []
    trials: dict[str, float] = {}
    current = model
    for step in range(1, steps + 1):
        if results:
            tune(results[-1])
        share = spec.model_copy(update={"ratio": spec.ratio * step / steps})
        now = trace(current, spec.keep)
        decided = decide(current, now, share, Data.given(data, seed + step - 1), sizes)
        if removes_nothing(decided):
            continue
        cut = cut_and_prove(current, now, decided, seed=seed + step - 1)
        results.append(replace(cut, cut_from=(current, decided)))
        trials |= {f"step {step}, {name}": value for name, value in results[-1].proven.trials.items()}
        current = results[-1].model
    whole = functools.reduce(composed, (result.plan for result in results), plan_of(found, found.channels.removed([])))
    check_removes(whole, spec)
    return PruneResult(
        model=current,
        plan=whole,
        proof=results[-1].proven.model_copy(update={"trials": trials}),
        report=report(found, read_graph(current), whole, pinned(found)),
        cut_from=results[-1].cut_from,
    )
