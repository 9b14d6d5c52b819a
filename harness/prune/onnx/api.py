"""Read an ONNX file, choose channels, cut them, prove it: `prune_onnx`, and its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx_ir as ir

from harness.base.errors import MeasureError, ModelError, PruneError, SpecError
from harness.base.progress import Silent
from harness.base.store import open_store
from harness.channels.by_place import named
from harness.channels.errors import ChannelError
from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import check_batches
from harness.prune.choose.amounts import comparable, least_important
from harness.prune.choose.planning import plan_like, plan_of, random_plan_like, removal_of, removes_nothing
from harness.prune.onnx.described import describe
from harness.prune.onnx.examples import Array, Data, by_input, drawn, sizes_of
from harness.prune.onnx.graph.cost import report
from harness.prune.onnx.graph.pinned import pinned
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.surgery import remove
from harness.prune.onnx.graph.trace import Trace, trace
from harness.prune.onnx.network import OnnxNetwork, check_finite
from harness.prune.onnx.proof.comparison import Comparison
from harness.prune.onnx.proof.verify import prove
from harness.prune.onnx.recover.accuracy import accuracy
from harness.prune.onnx.recover.agreement import agreement
from harness.prune.onnx.recover.judging import OnnxJudge
from harness.prune.onnx.recover.reconstructing import reconstruct_onnx
from harness.prune.onnx.result import OnnxResult
from harness.prune.price.pricing import Pricing
from harness.prune.speed.asked import speed_spec
from harness.prune.speed.reach import choose_widths
from harness.prune.speed.uniform import uniform_as_fast
from harness.records import (
    Agreement,
    ChannelPlan,
    Matched,
    Recovery,
    Speed,
)
from harness.spec import MeasureSpec, PruneSpec, SpeedSpec, check_seed, checked, usual_importance

CONVOLUTIONS = ("Conv", "ConvTranspose", "ConvInteger", "QLinearConv")


@dataclass(frozen=True)
class Given:
    """What stands beside a file.

    `data` are examples, (N, ...), by input name where there are several inputs: to rank by, and to reconstruct from.
    On those of `judge_by` it is told how much of the original's answers is kept, and by their `labels`, class numbers
    (N,), how many are right. `inputs` are shapes or values that can't be invented, as `--input` has them:
    `x:1x3x48x320:float32`. `seed` is for random importance, and for the proof's inputs and weights.
    """

    data: Data | Array | None = None
    judge_by: Data | Array | None = None
    inputs: Sequence[str] = ()
    seed: int = 0
    labels: Array | None = None


def prune_onnx(  # noqa: PLR0913 - what stands beside the file, one by one
    path: Path | str,
    spec: PruneSpec | None = None,
    *,
    data: Data | Array | None = None,
    judge_by: Data | Array | None = None,
    inputs: Sequence[str] = (),
    seed: int = 0,
    store: str | Path = ".harness",
    **options: Any,
) -> OnnxResult:
    """Prune an ONNX file and prove it: `prune_onnx("net.onnx", ratio=0.5)`. The file is only read.

    Args:
        path: the file.
        spec: how much, and by which importance.
        data: examples, (N, ...), by input name where there are several inputs, for `activation`, `apoz` and
            `reconstruction`, and to reconstruct from.
        judge_by: other examples, on which it is told how much of the original's answers is kept.
        inputs: shapes or values of inputs that can't be invented, as `--input` has them: `x:1x3x48x320:float32`.
        seed: for random importance, and for the proof's inputs and weights.
        store: where the latency table is kept, a folder or an address, for a `speedup` or `max_latency_us`.
        **options: fields of the spec, instead of it or to change it; with `recover` and no spec, the importance is
            `reconstruction` unless it is given. Or those of a SpeedSpec: `speedup` or
            `max_latency_us`, `batch_sizes`, `threads`, `device`, `importance`, `keep`, with or without `recover`.

    Raises:
        SpecError: an option is unknown or out of range.
        MeasureError: the file can't be read.
        ModelError: the model can't be run here.
        PruneError: nothing can be pruned as asked.
        ProofError: the pruned graph is not the masked original.
        TooSlowError: it could not be made as fast as asked.
    """
    check_seed(seed)
    if not isinstance(spec, PruneSpec | None):
        raise SpecError(f"prune: expected a PruneSpec, not {spec!r}; write prune('net.onnx', ratio=0.5)")
    given, pricing = Given(data, judge_by, inputs, seed), Pricing(open_store(store), Silent())
    said = {**({} if spec is None else spec.model_dump(exclude_unset=True)), **options}
    if spec is None and "remove" not in said:
        said.setdefault("importance", usual_importance(str(path), reconstructed=said.get("recover") is not None))
    if spec is None and {"speedup", "max_latency_us"} & options.keys():
        target, images = speed_spec({**said, "inputs": tuple(inputs)}, "prune")
        return prune_to_speed(Path(path), target, pricing, given, images)
    asked = checked(PruneSpec, said, "prune")
    if asked.by_latency:
        _check_untrained(asked)
        given = sized(Path(path), given)
        target = SpeedSpec.of(asked, MeasureSpec(batch_sizes=(1,), inputs=tuple(given.inputs)))
        plan, speed = widths_for(Path(path), target, pricing, given)
        if asked.baseline == "uniform":
            plan, matched = uniform_for(Path(path), speed, pricing, given)
            return replace(prune_like(Path(path), plan, asked, given), matched=matched)
        return replace(prune_like(Path(path), plan, asked, given), speed=speed)
    return prune_by(Path(path), asked, given)


def prune_by(path: Path, asked: PruneSpec, given: Given) -> OnnxResult:
    """Prune by an amount of channels.

    Raises:
        PruneError, ProofError and others: as `prune_onnx` does.
    """
    _check_untrained(asked)
    given = sized(path, given)
    network = _network(path, asked.keep, given)
    if asked.images is not None and network.data is None:
        raise PruneError("reconstruction: needs examples; give them, as data=images or --data NAME")
    decided = _decided(network, asked)
    if removes_nothing(decided):
        raise PruneError(f"'{asked.label}' removes no channel at all; ask for more, or with a smaller round_to")
    if asked.baseline == "random":
        decided = random_plan_like(network, decided, given.seed)
    return _finished(network, decided, given, asked.images)


def prune_like(path: Path, widths: ChannelPlan, asked: PruneSpec, given: Given) -> OnnxResult:
    """Prune to as many channels of each node as a plan keeps, and prove it; in all else as a spec says.

    Raises:
        PruneError, ProofError and others: as `prune_onnx` does; also where the plan is for another architecture.
    """
    _check_untrained(asked)
    network = _network(path, asked.keep, given)
    if asked.baseline == "random":
        decided = random_plan_like(network, widths, given.seed)
    else:
        decided = plan_like(network, widths, network.scores(network.free(), asked.importance))
    return _finished(network, decided, given, asked.images)


def prune_to_speed(
    path: Path, asked: SpeedSpec, pricing: Pricing, given: Given, images: int | None = None
) -> OnnxResult:
    """Choose widths by latency, measured against the original; prove what is as fast as asked.

    Then the kernels are solved again from so many `images`, on which latency does not depend.

    Raises:
        TooSlowError: what is asked was not reached; its message says what would be.
        PruneError, ProofError and others: as `prune_onnx` does.
    """
    given = sized(path, given)
    asked = asked.model_copy(update={"inputs": tuple(given.inputs)})
    network = _network(path, asked.keep, given)
    if images is not None and network.data is None:
        raise PruneError("reconstruction: needs examples; give them, as data=images or --data NAME")
    plan, speed = _widths(network, asked, pricing)
    with pricing.progress.task("prove"):
        return replace(_finished(network, plan, given, images), speed=speed)


def widths_for(path: Path, asked: SpeedSpec, pricing: Pricing, given: Given) -> tuple[ChannelPlan, Speed]:
    """The widths that are measured to be as fast as asked: a plan that makes them, and what they reached.

    Raises:
        TooSlowError, PruneError and others: as `prune_to_speed` does.
    """
    return _widths(_network(path, asked.keep, given), asked, pricing)


def uniform_for(path: Path, speed: Speed, pricing: Pricing, given: Given) -> tuple[ChannelPlan, Matched]:
    """The same share off every layer, as fast as other widths of the file were measured to be.

    Raises:
        PruneError, MeasureError: as `widths_for` does.
    """
    return uniform_as_fast(_network(path, speed.asked.keep, given), speed, pricing)


def replay_onnx(path: Path | str, decided: ChannelPlan, *, inputs: Sequence[str] = (), seed: int = 0) -> OnnxResult:
    """Prune as a plan says, on a file of the same architecture, and prove it.

    Raises:
        PruneError: the plan is for another architecture, or removes nothing.
        ProofError: the pruned graph is not the masked original.
    """
    return replay_by(Path(path), decided, Given(inputs=inputs, seed=seed))


def replay_by(path: Path, decided: ChannelPlan, given: Given) -> OnnxResult:
    """The same, held against the original on the examples that are given to judge by.

    Raises:
        PruneError, ProofError: as `replay_onnx` does.
    """
    network = _network(path, (), given)
    check_finite(network.found)
    removal_of(network.found, decided)  # refuses a plan that is damaged, or for another network
    if removes_nothing(decided):
        raise PruneError("the plan removes no channel at all; give one that does")
    return _finished(network, decided, given, None)


def _network(path: Path, keep: tuple[str, ...], given: Given) -> OnnxNetwork:
    found = trace(read_onnx(path, given.inputs), keep)
    return OnnxNetwork(path, found, by_input(found.graph, given.data), given.seed)


def sized(path: Path, given: Given) -> Given:
    """The same with inputs of the examples' sizes, where the file leaves sizes open and none were said."""
    return given if given.inputs else replace(given, inputs=sizes_of(path, read_model(path).inputs, given.data))


def _widths(network: OnnxNetwork, asked: SpeedSpec, pricing: Pricing) -> tuple[ChannelPlan, Speed]:
    check_batches(network.path, network.found.graph.inputs, asked.batch_sizes)
    network.check_measurable()
    return choose_widths(network, asked, pricing, OnnxJudge.of(network.found, network.data, network.seed))


def _check_untrained(spec: PruneSpec) -> None:
    """Raise SpecError where a spec asks for what needs training, or for a control of Keras models."""
    if spec.rows == "first" or spec.finetune_epochs or spec.baseline == "scratch":
        raise SpecError(
            "an ONNX file can't be trained; finetune_epochs, baseline = 'scratch' and rows = 'first' are for Keras "
            "models"
        )


def _decided(network: OnnxNetwork, spec: PruneSpec) -> ChannelPlan:
    """The plan for a graph whose channels are named. It may remove nothing."""
    found, free = network.found, network.free()
    convolutions = frozenset(path for path, node in found.graph.nodes.items() if node.op_type in CONVOLUTIONS)
    try:
        if spec.remove is not None:
            roots = named(found.channels, spec.remove)
        else:
            scores = comparable(network.scores(free, spec.importance), spec)
            roots = least_important(found.channels, scores, spec, convolutions)
    except ChannelError as error:
        raise PruneError(str(error)) from error
    return plan_of(found, found.channels.removed(roots))


def _finished(network: OnnxNetwork, decided: ChannelPlan, given: Given, images: int | None) -> OnnxResult:
    """Cut and proved; solved again where that is asked for, and held against the original where there are examples."""
    found = network.found
    others = by_input(found.graph, given.judge_by)
    result = _cut(network.path, found, decided, given.seed)
    judged = [] if others is None else [found.graph.model, result.model.clone()]
    if images is not None and network.data is not None:
        some = drawn(network.data, images, given.seed)
        solved = reconstruct_onnx(found, removal_of(found, decided), result.model, some, given.seed)
        result = replace(result, reconstruction=solved)
    if others is None:
        return result
    if result.reconstruction is not None:
        judged.append(result.model)
    result = replace(result, agreement=_agreement(found, result.model, others))
    return result if given.labels is None else _judged(result, judged, others, given.labels)


def _judged(result: OnnxResult, models: Sequence[ir.Model], data: Data, labels: Array) -> OnnxResult:
    """With the accuracy of the original, of what was cut, and of what was reconstructed; or why there is none."""
    try:
        original, pruned, *solved = (accuracy(model, data, labels) for model in models)
    except MeasureError as error:
        return replace(result, no_accuracy=f"the model {error}")
    recovery = Recovery(
        examples=len(labels),
        epochs=0,
        distilled=False,
        original=original,
        pruned=pruned,
        reconstructed=solved[0] if solved else None,
        reconstruction=result.reconstruction,
    )
    return replace(result, recovery=recovery)


def _agreement(found: Trace, pruned: ir.Model, data: Data) -> Agreement:
    try:
        return agreement(found.graph, pruned, data)
    except ModelError as error:
        raise PruneError(f"data: {error}; give examples as the model takes them") from None


def _cut(path: Path, found: Trace, decided: ChannelPlan, seed: int) -> OnnxResult:
    """Remove what a plan removes, prove it, and say what went."""
    removal, original = removal_of(found, decided), read_model(path)
    pruned = remove(found, removal)
    proof = prove(Comparison(found, pruned, removal, seed))
    told = report(found, pruned, removal, plan_of(found, removal), pinned(found))
    describe(pruned, original.sha256, decided)
    return OnnxResult(pruned, decided, proof, told, external=bool(original.external))
