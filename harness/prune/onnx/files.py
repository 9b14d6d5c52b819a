"""Prune ONNX files and prove it: read, choose, cut, prove, and write beside the file what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from harness.base.errors import ModelError, PruneError, SpecError
from harness.base.progress import Progress, Silent
from harness.channels.by_place import named
from harness.channels.errors import ChannelError
from harness.prune.choose.amounts import comparable, free_of, least_important
from harness.prune.choose.planning import plan_of, removal_of, removes_nothing
from harness.prune.files import check_output, read_about, read_plan, save, trained_on
from harness.prune.onnx.graph.cost import report
from harness.prune.onnx.graph.graph import constant
from harness.prune.onnx.graph.pinned import pinned
from harness.prune.onnx.graph.reading import load_onnx, read_onnx
from harness.prune.onnx.graph.surgery import remove
from harness.prune.onnx.graph.trace import Trace, trace
from harness.prune.onnx.proof.comparison import Comparison
from harness.prune.onnx.proof.verify import judge, prove
from harness.prune.onnx.recover.agreement import agreement
from harness.prune.onnx.recover.reconstructing import reconstruct_onnx
from harness.prune.onnx.scoring import score
from harness.records import Agreement, ChannelPlan, Metadata, Proof, PruneFile, PruneReport, Reconstruction, Verdict
from harness.spec import PruneSpec, check_seed, checked

Array = npt.NDArray[Any]
Data = Mapping[str, Array]
CONVOLUTIONS = ("Conv", "ConvTranspose", "ConvInteger")
SUFFIX = ".onnx"
WRITERS = ("prune-harness", "onnx-ir")


@dataclass(frozen=True)
class OnnxResult:
    """A pruned ONNX model, what was decided, the proof, and what it removed.

    The proof is about the graph before its kernels were solved again, of which `reconstruction` tells. `agreement` says
    how much of the original's answers is kept, where there were examples for that.
    """

    model: ir.Model
    plan: ChannelPlan
    proof: Proof
    report: PruneReport
    external: bool = False
    reconstruction: Reconstruction | None = None
    agreement: Agreement | None = None

    def write(self, path: Path) -> None:
        """Write the file; weights go beside it, in NAME.onnx.data, where the original's were outside of it too."""
        ir.save(self.model, path, external_data=f"{path.name}.data" if self.external else None)


def prune_onnx(
    path: Path | str,
    spec: PruneSpec | None = None,
    *,
    data: Data | Array | None = None,
    judge_by: Data | Array | None = None,
    inputs: Sequence[str] = (),
    seed: int = 0,
    **options: Any,
) -> OnnxResult:
    """Prune an ONNX file and prove it: `prune_onnx("net.onnx", ratio=0.5)`. The file is only read.

    Args:
        path: the file.
        spec: how much, and by which importance.
        data: examples, (N, ...), by input name where there are several inputs, for `activation` and `apoz`, and to
            reconstruct from.
        judge_by: other examples, on which it is told how much of the original's answers is kept.
        inputs: shapes or values of inputs that can't be invented, as `--input` has them: `x:1x3x48x320:float32`.
        seed: for random importance, and for the proof's inputs and weights.
        **options: fields of the spec, instead of it or to change it.

    Raises:
        SpecError: an option is unknown or out of range.
        MeasureError: the file can't be read.
        ModelError: the model can't be run here.
        PruneError: nothing can be pruned as asked.
        ProofError: the pruned graph is not the masked original.
    """
    check_seed(seed)
    given = {} if spec is None else spec.model_dump(exclude_unset=True)
    asked = checked(PruneSpec, {**given, **options}, "prune")
    found = trace(read_onnx(Path(path), inputs), asked.keep)
    examples = _by_input(found, data)
    if asked.images is not None and examples is None:
        raise PruneError("reconstruction: needs examples; give them, as data=images or --data NAME")
    decided = _decided(found, asked, examples, seed)
    if removes_nothing(decided):
        raise PruneError(f"'{asked.label}' removes no channel at all; ask for more, or with a smaller round_to")
    others = _by_input(found, judge_by)
    result = _cut(Path(path), found, decided, seed)
    if asked.images is not None and examples is not None:
        first = {name: array[: asked.images] for name, array in examples.items()}
        solved = reconstruct_onnx(found, removal_of(found, decided), result.model, first, seed)
        result = replace(result, reconstruction=solved)
    return result if others is None else replace(result, agreement=_agreement(found, result.model, others))


def _agreement(found: Trace, pruned: ir.Model, data: Data) -> Agreement:
    try:
        return agreement(found.graph, pruned, data)
    except ModelError as error:
        raise PruneError(f"data: {error}; give examples as the model takes them") from None


def replay_onnx(path: Path | str, decided: ChannelPlan, *, inputs: Sequence[str] = (), seed: int = 0) -> OnnxResult:
    """Prune as a plan says, on a file of the same architecture, and prove it.

    Raises:
        PruneError: the plan is for another architecture, or removes nothing.
        ProofError: the pruned graph is not the masked original.
    """
    found = trace(read_onnx(Path(path), inputs))
    removal_of(found, decided)  # refuses a plan that is damaged, or for another network
    if removes_nothing(decided):
        raise PruneError("the plan removes no channel at all; give one that does")
    return _cut(Path(path), found, decided, seed)


def prove_onnx(
    original: Path | str, pruned: Path | str, plan: ChannelPlan, *, inputs: Sequence[str] = (), seed: int = 0
) -> Proof:
    """Check that a pruned ONNX file computes what the masked original computes.

    Raises:
        MeasureError: a file can't be read.
        PruneError: the plan does not fit the original.
        ProofError: the files differ, or the comparison would mean nothing.
    """
    return prove(_comparison(Path(original), Path(pruned), plan, inputs, seed))


def verify_onnx(
    original: Path,
    pruned: Path,
    plan: ChannelPlan,
    *,
    inputs: Sequence[str] = (),
    architecture: bool = False,
    seed: int = 0,
) -> Verdict:
    """Whether a pruned ONNX file is the masked original.

    Raises:
        MeasureError: a file can't be read.
        PruneError: the plan does not fit the original.
    """
    changed = trained_on(read_about(pruned))
    return judge(_comparison(original, pruned, plan, inputs, seed), architecture=architecture, trained_on=changed)


def _comparison(original: Path, pruned: Path, plan: ChannelPlan, inputs: Sequence[str], seed: int) -> Comparison:
    found = trace(read_onnx(original, inputs))
    removal = removal_of(found, plan)
    return Comparison(found, load_onnx(pruned), removal, seed)


def _decided(found: Trace, spec: PruneSpec, data: Data | None, seed: int) -> ChannelPlan:
    """The plan for a graph whose channels are named. It may remove nothing."""
    if spec.rows == "first" or spec.finetune_epochs:
        raise SpecError("an ONNX file can't be trained; rows = 'first' and finetune_epochs are for Keras models")
    _check_finite(found)
    free = free_of(found.channels, pinned(found))
    convolutions = frozenset(path for path, node in found.graph.nodes.items() if node.op_type in CONVOLUTIONS)
    try:
        if spec.remove is not None:
            roots = named(found.channels, spec.remove)
        else:
            scores = score(found, spec.importance, data, seed)
            if not np.isfinite(scores).all():
                raise PruneError(f"importance '{spec.importance}' is not finite on this data; look for NaN in it")
            by_group = comparable({index: scores[list(group.channels)] for index, group in free.items()}, spec)
            roots = least_important(found.channels, by_group, spec, convolutions)
    except ChannelError as error:
        raise PruneError(str(error)) from error
    return plan_of(found, found.channels.removed(roots))


def _check_finite(found: Trace) -> None:
    for cut in found.notes.cuts:
        value = found.graph.nodes[cut.node].inputs[cut.index]
        held = constant(value)
        if value is not None and held is not None and held.dtype.kind == "f" and not np.isfinite(held).all():
            raise PruneError(f"weight '{value.name}' of '{cut.node}' holds NaN or infinity; export the model again")


def _by_input(found: Trace, data: Data | Array | None) -> Data | None:
    """Examples by input name."""
    if data is None:
        return None
    names = [one.name for one in found.graph.inputs]
    if isinstance(data, Mapping):
        unknown = [name for name in data if name not in names]
        missing = [name for name in names if name not in data]
        if unknown or missing:
            raise PruneError(f"data: there is no input '{(unknown + missing)[0]}' in both; give {', '.join(names)}")
        return {name: np.asarray(array) for name, array in data.items()}
    if len(names) != 1:
        raise PruneError(f"data: the model has {len(names)} inputs; give arrays by name for {', '.join(names)}")
    return {names[0]: _channels_first(np.asarray(data), found.graph.feeds[0][names[0]].shape)}


def _channels_first(images: Array, taken: tuple[int, ...]) -> Array:
    """Images (N, H, W, C) as (N, C, H, W) where the model takes them so.

    Raises:
        PruneError: they have another size than the model takes.
    """
    if images.ndim == 4 == len(taken) and images.shape[-1] == taken[1] != images.shape[1]:
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != len(taken):
        raise PruneError(f"data: an example has the shape {images.shape[1:]}, and the model takes {taken[1:]}")
    return np.ascontiguousarray(images, np.float32)


def _cut(path: Path, found: Trace, decided: ChannelPlan, seed: int) -> OnnxResult:
    """Remove what a plan removes, prove it, and say what went."""
    from harness.measure.files.model_file import read_model

    removal, original = removal_of(found, decided), read_model(path)
    pruned = remove(found, removal)
    proof = prove(Comparison(found, pruned, removal, seed))
    told = report(found, pruned, removal, plan_of(found, removal), pinned(found))
    _describe(pruned, original.sha256, decided)
    return OnnxResult(pruned, decided, proof, told, external=bool(original.external))


def _describe(pruned: ir.Model, source: str, decided: ChannelPlan) -> None:
    """Say in the file where it comes from; what the original says of labels and preprocessing still holds."""
    try:
        before = Metadata.of(pruned.metadata_props)
    except ModelError:
        before = Metadata()
    known = {"source": source, "plan": decided, "versions": {name: version(name) for name in WRITERS}, "accuracy": None}
    before.model_copy(update=known).write_into(pruned.metadata_props)


@dataclass(frozen=True)
class OnnxJob:
    """What to prune, how, and where to write it; exactly one of `spec` and `plan`, a file to replay, is given."""

    source: Path
    output: Path
    spec: PruneSpec | None = None
    plan: Path | None = None
    inputs: Sequence[str] = ()
    data: Data | Array | None = None
    judge_by: Data | Array | None = None
    seed: int = 0


@dataclass(frozen=True)
class Done:
    """What a job made: the pruned graph, what was written about it, and the files, the model first."""

    result: OnnxResult
    about: PruneFile
    files: list[Path]
    no_accuracy: str | None = None


def run_onnx_job(job: OnnxJob, progress: Progress | None = None) -> Done:
    """Do all of it. Nothing is written unless all of it worked.

    Raises:
        ModelError: the file holds no model that can be run.
        PruneError: nothing can be pruned as asked, or the plan doesn't fit.
        ProofError: the pruned graph is not the masked original.
        StoreError: the output can't be written.
    """
    check_output(job.output, job.source, *([job.plan] if job.plan else []), suffix=SUFFIX)
    with (progress or Silent()).task("prune and prove"):
        if job.plan is not None:
            result = replay_onnx(job.source, read_plan(job.plan), inputs=job.inputs, seed=job.seed)
        else:
            given = {"data": job.data, "judge_by": job.judge_by}
            result = prune_onnx(job.source, job.spec, **given, inputs=job.inputs, seed=job.seed)
    about = PruneFile(
        source=job.source.name,
        spec=job.spec,
        proof=result.proof,
        report=result.report,
        recovery=None,
        reconstruction=result.reconstruction,
        agreement=result.agreement,
    )
    return Done(result, about, save(result, job.output, about))


def is_onnx(path: object) -> bool:
    """Whether this is the path of an ONNX file, by its name."""
    return isinstance(path, Path | str) and Path(path).suffix == SUFFIX
