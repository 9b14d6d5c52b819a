"""Read the network, choose channels, cut them, prove it: `prune`, and its steps `plan`, `apply` and `replay`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy.typing as npt

from harness.base.errors import PruneError, SpecError
from harness.base.progress import Silent
from harness.base.store import Store, open_store
from harness.prune.choose.decide import check_removes, decide, decide_like
from harness.prune.choose.planning import random_plan_like, removal_of, removes_nothing
from harness.prune.data.given import Data
from harness.prune.keras_graph.copies import renewed
from harness.prune.keras_graph.graph import check_finite
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.price.keras_network import KerasNetwork
from harness.prune.price.pricing import Pricing
from harness.prune.recover.estimate import Parted, estimating
from harness.prune.recover.judging import KerasJudge
from harness.prune.recover.reconstruct.batches import check_enough
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.prune.result import PruneResult, cut_and_prove
from harness.prune.speed.asked import speed_spec
from harness.prune.speed.judge import Judge
from harness.prune.speed.reach import choose_widths
from harness.prune.speed.uniform import uniform_as_fast
from harness.records import ChannelPlan
from harness.spec import MeasureSpec, PruneSpec, SpeedSpec, check_seed, checked

Array = npt.NDArray[Any]


def prune(
    model: keras.Model,
    spec: PruneSpec | None = None,
    *,
    data: Array | Sequence[Array] | None = None,
    seed: int = 0,
    store: str | Path | Store = ".harness",
    **options: Any,
) -> PruneResult:
    """Prune a model and prove it: `prune(model, ratio=0.5)`, or `prune(model, speedup=2.0)` by measured latency.

    Args:
        model: a built functional or Sequential model; it is never changed.
        spec: how much, and by which importance.
        data: inputs, or (inputs, labels), for an importance that needs them, and to reconstruct from.
        seed: for random importance, for the proof's inputs and weights, and for which examples are taken.
        store: where the latency table is kept, a folder or an address, for a `speedup` or `max_latency_us`.
        **options: fields of the spec, instead of it or to change it: `ratio`, `filters` or `remove`, `importance`,
            `keep`, `round_to`, `global_ranking`, `recover`, `reconstruct_images`. Or those of a SpeedSpec: `speedup` or
            `max_latency_us`, `batch_sizes`, `threads`, `device`, `importance`, `keep`, with or without `recover`.

    Raises:
        SpecError: an option is unknown or out of range.
        ModelError: the model is not built, or is subclassed.
        PruneError: nothing can be pruned as asked.
        ProofError: the pruned network is not the masked original.
        TooSlowError: it could not be made as fast as asked.
    """
    check_seed(seed)
    if spec is None and {"speedup", "max_latency_us"} & options.keys():
        pricing, (target, images) = Pricing(open_store(store), Silent()), speed_spec(options, "prune")
        examples = _examples(model, images, data, seed)
        with estimating(model, lambda: Parted.of(data, seed), seed, pricing.progress):
            given, judge = Data.given(data, seed), KerasJudge.of(model, data, seed)
            result = prune_to_speed(model, target, pricing, data=given, seed=seed, judge=judge)
        return _reconstructed(model, result, examples, seed)
    asked = _asked(spec, options)
    if not asked.by_latency:
        return _pruned(model, asked, None, data, seed)
    pricing, target = Pricing(open_store(store), Silent()), SpeedSpec.of(asked, MeasureSpec(batch_sizes=(1,)))
    network = KerasNetwork.of(model, Data.given(data, seed), target.keep)
    with estimating(model, lambda: Parted.of(data, seed), seed, pricing.progress):
        widths, speed = choose_widths(network, target, pricing, KerasJudge.of(model, data, seed))
    if asked.baseline == "uniform":
        widths, matched = uniform_as_fast(network, speed, pricing)
        return replace(prune_like(model, widths, asked, data=data, seed=seed), matched=matched)
    return replace(prune_like(model, widths, asked, data=data, seed=seed), speed=speed)


def prune_to_speed(
    model: keras.Model,
    asked: SpeedSpec,
    pricing: Pricing,
    *,
    data: Data,
    seed: int = 0,
    judge: Judge | None = None,
) -> PruneResult:
    """Choose widths by latency, cut, export, and measure against the original; prove what is as fast as asked.

    Several that are as fast are told apart by the judge, without one by the importance, which may need `data`.

    Raises:
        ProofError: the pruned network is not the masked original.
        TooSlowError, PruneError and others: as `choose_widths` does.
    """
    network = KerasNetwork.of(model, data, asked.keep)
    plan, speed = choose_widths(network, asked, pricing, judge)
    with pricing.progress.task("prove"):
        result = cut_and_prove(model, network.found, plan, seed=seed)
    return replace(result, speed=speed)


def prune_like(
    model: keras.Model,
    widths: ChannelPlan,
    spec: PruneSpec,
    *,
    data: Array | Sequence[Array] | None = None,
    seed: int = 0,
) -> PruneResult:
    """Prune a model to as many channels of each layer as a plan keeps, and prove it; in all else as a spec says.

    Raises:
        ModelError, PruneError, ProofError: as `prune` does; also where the plan is for another architecture.
    """
    return _pruned(model, spec, widths, data, seed)


def _pruned(model: keras.Model, asked: PruneSpec, widths: ChannelPlan | None, data: Any, seed: int) -> PruneResult:
    examples = _examples(model, asked.images, data, seed)
    found = trace(model, asked.keep)
    decided = _decided(model, found, asked, widths, Data.given(data, seed))
    result = cut_and_prove(model, found, decided, control=asked.rows == "first", seed=seed)
    if asked.baseline == "scratch":
        keras.utils.set_random_seed(seed)
        return replace(result, model=renewed(result.model))
    return _reconstructed(model, result, examples, seed)


def _examples(model: keras.Model, images: int | None, data: Any, seed: int) -> tuple[Any, ...] | None:
    """So many examples to solve kernels from, which must be enough; None where they are not solved again."""
    if images is None:
        return None
    found = Data.given(data, seed, images).examples
    check_enough([tuple(tensor.shape) for tensor in model.inputs], found)
    return found


def _reconstructed(model: keras.Model, result: PruneResult, examples: Any, seed: int) -> PruneResult:
    if examples is None:
        return result
    return replace(result, reconstruction=reconstruct(model, result.plan, result.model, examples, seed))


def _decided(model: keras.Model, found: Trace, asked: PruneSpec, widths: ChannelPlan | None, data: Data) -> ChannelPlan:
    """Which channels go: of the widths given, or of as many as are asked for."""
    if widths is None:
        widths = decide(model, found, asked, data)
        check_removes(widths, asked)
    elif asked.baseline in (None, "uniform"):
        return decide_like(model, found, widths, asked, data)
    return random_plan_like(found, widths, data.seed) if asked.baseline == "random" else widths


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
    found = trace(model, spec.keep)
    decided = decide(model, found, spec, Data.of(examples, labels, seed))
    check_removes(decided, spec)
    return decided


def apply(model: keras.Model, plan: ChannelPlan) -> keras.Model:
    """A new model without the channels that the plan removes; `model` is only read.

    Raises:
        ModelError: the model is not built, or is subclassed.
        PruneError: the plan is for another architecture, or a layer can't be rebuilt.
    """
    found = trace(model)
    return remove(model, found, removal_of(found, plan))


def replay(model: keras.Model, decided: ChannelPlan, *, seed: int = 0) -> PruneResult:
    """Prune as a plan says, on a model of the same architecture, and prove it.

    Raises:
        ModelError: the model is not built, or is subclassed.
        PruneError: the plan is for another architecture, weights are not finite, or nothing is removed.
        ProofError: the pruned network is not the masked original.
    """
    found = trace(model)
    check_finite(found.graph)
    removal_of(found, decided)  # refuses a plan that is damaged, or for another network
    if removes_nothing(decided):
        raise PruneError("the plan removes no channel at all; give one that does")
    return cut_and_prove(model, found, decided, seed=seed)


def _asked(spec: PruneSpec | None, options: dict[str, Any]) -> PruneSpec:
    """The spec, with fields that are given beside it."""
    if not isinstance(spec, PruneSpec | None):
        raise SpecError(f"prune: expected a PruneSpec, not {spec!r}; write prune(model, ratio=0.5)")
    if spec is not None and not options:
        return spec
    given = {} if spec is None else spec.model_dump(exclude_unset=True)
    return checked(PruneSpec, {**given, **options}, "prune")
