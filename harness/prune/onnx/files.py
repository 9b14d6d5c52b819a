"""A whole prune of an ONNX file: read, prune, prove, and write beside the file what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.base.errors import SpecError
from harness.base.progress import Progress, Silent
from harness.base.store import open_store
from harness.measure.files.model_file import read_model
from harness.prune.files import check_output, read_plan, save
from harness.prune.onnx.api import Given, prune_by, prune_to_speed, replay_by, sized
from harness.prune.onnx.result import OnnxResult
from harness.prune.price.pricing import Pricing
from harness.records import PruneFile
from harness.spec import PruneSpec, SpeedSpec

SUFFIX = ".onnx"


@dataclass(frozen=True)
class OnnxJob:
    """What to prune, how, and where to write it.

    Exactly one of `spec`, `plan`, a file to replay, and `speed` is given; with the last, kernels are solved again from
    so many `images`, and latency tables are kept in `store`.
    """

    source: Path
    output: Path
    spec: PruneSpec | None = None
    plan: Path | None = None
    speed: SpeedSpec | None = None
    images: int | None = None
    given: Given = field(default_factory=Given)
    store: str | Path = ".harness"

    def __post_init__(self) -> None:
        if (self.spec, self.plan, self.speed).count(None) != 2:
            raise SpecError("harness prune: give one of --ratio, --filters, --plan, --speedup and --max-latency-us")


@dataclass(frozen=True)
class Done:
    """What a job made: the pruned graph, what was written about it, and the files, the model first.

    `inputs` say what it takes, where the file does not.
    """

    result: OnnxResult
    about: PruneFile
    files: list[Path]
    no_accuracy: str | None = None
    inputs: tuple[str, ...] = ()


def run_onnx_job(job: OnnxJob, progress: Progress | None = None) -> Done:
    """Do all of it. Nothing is written unless all of it worked.

    Raises:
        ModelError: the file holds no model that can be run.
        PruneError: nothing can be pruned as asked, or the plan doesn't fit.
        ProofError: the pruned graph is not the masked original.
        TooSlowError: it could not be made as fast as asked.
        StoreError: the output can't be written.
    """
    read = [job.source, *read_model(job.source).external, *([job.plan] if job.plan else [])]
    check_output(job.output, *read, suffix=SUFFIX)
    shown = progress or Silent()
    with shown.task("prune and prove"):
        result = _pruned(job, shown)
    about = PruneFile(
        source=job.source.name,
        spec=job.spec,
        proof=result.proof,
        report=result.report,
        recovery=result.recovery,
        reconstruction=result.reconstruction,
        agreement=result.agreement,
        speed=result.speed,
    )
    inputs = tuple(sized(job.source, job.given).inputs)
    return Done(result, about, save(result, job.output, about), result.no_accuracy, inputs)


def _pruned(job: OnnxJob, progress: Progress) -> OnnxResult:
    if job.plan is not None:
        return replay_by(job.source, read_plan(job.plan), job.given)
    if job.speed is not None:
        kept = open_store(job.store)
        kept.check()
        return prune_to_speed(job.source, job.speed, Pricing(kept, progress), job.given, job.images)
    assert job.spec is not None  # OnnxJob sees to it
    return prune_by(job.source, job.spec, job.given)


def is_onnx(path: object) -> bool:
    """Whether this is the path of an ONNX file, by its name."""
    return isinstance(path, Path | str) and Path(path).suffix == SUFFIX
