"""Decide, act, prove: `plan`, `apply` and `prune`, which does all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.errors import ProofError, PruneError, SpecError
from harness.channels.allocate import Amount, allocate
from harness.channels.errors import ChannelError
from harness.channels.named import named
from harness.prune.choose.planning import plan_of, removal_of, removes_nothing
from harness.prune.choose.scoring import ABOUT_THE_LOSS, Data, score
from harness.prune.keras_graph import first_rows
from harness.prune.keras_graph.cost.report import report
from harness.prune.keras_graph.graph import check_finite, weights_of
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.present import by_reason
from harness.prune.proof.comparison import Comparison
from harness.prune.proof.verify import prove
from harness.records import ChannelPlan, Proof, PruneReport, Pruning, Training
from harness.spec import PruneSpec, check_seed, checked

Array = npt.NDArray[Any]
L = keras.layers
_CONVOLUTIONS = (
    L.Conv1D, L.Conv2D, L.Conv3D, L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose,
    L.SeparableConv1D, L.SeparableConv2D,
)  # fmt: skip


@dataclass(frozen=True)
class PruneResult:
    """A pruned model, what was decided, the proof, and what it removed. `proof` is None for a control only."""

    model: keras.Model
    plan: ChannelPlan
    proof: Proof | None
    report: PruneReport

    @property
    def proven(self) -> Proof:
        """The proof; a control has none.

        Raises:
            ProofError: this is a control.
        """
        if self.proof is None:
            raise ProofError("this network is wrong on purpose, as a control; prune with rows = 'provenance'")
        return self.proof

    def record(self, finetune: Training | None = None) -> Pruning:
        """What a results file keeps of it."""
        return Pruning(
            plan=self.plan,
            proof=self.proof,
            pinned=self.report.pinned,
            parameters_before=self.report.parameters_before,
            parameters_after=self.report.parameters_after,
            finetune=finetune,
        )


def plan(
    model: keras.Model,
    spec: PruneSpec,
    *,
    examples: Array | None = None,
    labels: Array | None = None,
    seed: int = 0,
) -> ChannelPlan:
    """Decide which channels go. The same model, spec and seed always give the same plan.

    Args:
        model: a built functional or Sequential model; it is only read.
        spec: how much, and by which importance.
        examples: inputs (N, ...), for an importance that needs data.
        labels: targets (N, ...), for an importance that needs gradients.
        seed: for random importance.

    Raises:
        ModelError: the model is not built, or is subclassed.
        PruneError: weights are not finite, nothing can be pruned, or nothing would be removed.
    """
    decided = decide(model, trace(model, spec.keep), spec, Data.of(examples, labels, seed))
    check_removes(decided, spec)
    return decided


def decide(
    model: keras.Model, found: Trace, spec: PruneSpec, data: Data, sizes: Sequence[int] | None = None
) -> ChannelPlan:
    """The plan for a model whose channels are named. It may remove nothing.

    `sizes` are those of the groups before earlier steps; the amount is a share of these.
    """
    check_finite(found.graph)
    groups = found.channels.groups()
    free = {index: group for index, group in enumerate(groups) if group.pinned is None and len(group.channels) > 1}
    if not free:
        reasons = "; ".join(by_reason(pinned(found))) or "no layer makes channels"
        raise PruneError(f"nothing can be pruned: {reasons}; prune a network with hidden layers that have rules")
    try:
        roots = (
            named(found.channels, spec.remove) if spec.remove is not None else _least(model, found, spec, data, sizes)
        )
    except ChannelError as error:
        raise PruneError(str(error)) from error
    return plan_of(found, found.channels.removed(roots))


def _least(model: keras.Model, found: Trace, spec: PruneSpec, data: Data, sizes: Sequence[int] | None) -> list[int]:
    groups = found.channels.groups()
    free = {index: group for index, group in enumerate(groups) if group.pinned is None and len(group.channels) > 1}
    scores = score(model, found, spec.importance, data)
    if not np.isfinite(scores).all():
        raise PruneError(f"importance '{spec.importance}' is not finite on this data; look for NaN in it")
    chosen = {index: scores[list(group.channels)] for index, group in free.items()}
    if spec.global_ranking and spec.importance not in ABOUT_THE_LOSS:
        chosen = {index: values / (values.mean() or 1.0) for index, values in chosen.items()}
    filters = frozenset(path for path, op in found.graph.layers.items() if isinstance(op, _CONVOLUTIONS))
    widths = [found.channels.widths(group) for group in groups]
    amount = Amount(spec.ratio, spec.filters, spec.round_to, spec.global_ranking)
    return allocate(groups, chosen, amount, widths, filters, sizes)


def check_removes(decided: ChannelPlan, spec: PruneSpec) -> None:
    """Raise PruneError where a plan removes nothing."""
    if removes_nothing(decided):
        raise PruneError(f"'{spec.label}' removes no channel at all; ask for more, or with a smaller round_to")


def apply(model: keras.Model, plan: ChannelPlan) -> keras.Model:
    """A new model without the channels that the plan removes; `model` is only read.

    Raises:
        ModelError: the model is not built, or is subclassed.
        PruneError: the plan is for another architecture, or a layer can't be rebuilt.
    """
    found = trace(model)
    return remove(model, found, removal_of(found, plan))


def prune(
    model: keras.Model,
    spec: PruneSpec | None = None,
    *,
    data: Array | Sequence[Array] | None = None,
    seed: int = 0,
    **options: Any,
) -> PruneResult:
    """Prune a model and prove it: `prune(model, ratio=0.5)`.

    Args:
        model: a built functional or Sequential model; it is never changed.
        spec: how much, and by which importance.
        data: inputs, or (inputs, labels), for an importance that needs them.
        seed: for random importance, and for the proof's inputs and weights.
        **options: fields of the spec, instead of it or to change it: `ratio`, `filters` or `remove`, `importance`,
            `keep`, `round_to`, `global_ranking`.

    Raises:
        SpecError: an option is unknown or out of range.
        ModelError: the model is not built, or is subclassed.
        PruneError: nothing can be pruned as asked.
        ProofError: the pruned network is not the masked original.
    """
    if not isinstance(spec, PruneSpec | None):
        raise SpecError(f"prune: expected a PruneSpec, not {spec!r}; write prune(model, ratio=0.5)")
    check_seed(seed)
    if spec is None or options:
        given = {} if spec is None else spec.model_dump(exclude_unset=True)
        spec = checked(PruneSpec, {**given, **options}, "prune")
    found = trace(model, spec.keep)
    decided = decide(model, found, spec, Data.given(data, seed))
    check_removes(decided, spec)
    return carry_out(model, found, decided, control=spec.rows == "first", seed=seed)


def replay(model: keras.Model, decided: ChannelPlan, *, seed: int = 0) -> PruneResult:
    """Prune as a plan says, on a model of the same architecture, and prove it.

    Raises:
        ModelError: the model is not built, or is subclassed.
        PruneError: the plan is for another architecture, weights are not finite, or nothing is removed.
        ProofError: the pruned network is not the masked original.
    """
    found = trace(model)
    check_finite(found.graph)
    if removes_nothing(decided):
        raise PruneError("the plan removes no channel at all; give one that does")
    return carry_out(model, found, decided, seed=seed)


def carry_out(
    model: keras.Model, found: Trace, decided: ChannelPlan, *, control: bool = False, seed: int = 0
) -> PruneResult:
    """Act, prove, and say what was removed. A control is spoilt on purpose, and has no proof."""
    removal = removal_of(found, decided)
    pruned = remove(model, found, removal)
    proof = None
    if control:
        first_rows.spoil(model, pruned)
    else:
        proof = prove(Comparison(model, pruned, found, removal, seed))
    reasons = pinned(found)
    return PruneResult(pruned, decided, proof, report(found, read_graph(pruned), decided, reasons))


def pinned(found: Trace) -> dict[str, str]:
    """The layers that keep channels whatever is asked, and why; also those whose own channels no rule tells apart."""
    reasons: dict[str, str] = {}
    for group in found.channels.groups():
        together = "its channels stand or fall together" if len(group.channels) == 1 else None
        reason = group.pinned or together
        if reason is not None:
            for maker in group.makers:
                reasons.setdefault(maker, reason)
    for path, op in found.graph.layers.items():
        stays = found.layers[path].stays
        if path in found.ruleless and weights_of(op):
            reasons.setdefault(path, f"{type(op).__name__} {found.ruleless[path]}")
        elif stays is not None and path not in found.channels.made:
            reasons.setdefault(path, stays)
    return reasons
