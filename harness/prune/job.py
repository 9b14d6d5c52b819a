"""A whole prune from file to file: load, prune, prove, win accuracy back, write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from harness.base.errors import PruneError, SpecError
from harness.base.keras_file import example_shape, load_model
from harness.base.progress import Progress, Silent
from harness.base.store import Store, open_store
from harness.prune.api import prune, prune_to_speed, replay
from harness.prune.data.fitting import check_examples, why_no_accuracy
from harness.prune.data.given import Data
from harness.prune.files import check_output, read_plan, save
from harness.prune.keras_graph.reading import check_readable
from harness.prune.price.pricing import Pricing
from harness.prune.recover.estimate import estimating
from harness.prune.recover.finetune import tune
from harness.prune.recover.judging import KerasJudge
from harness.prune.recover.recalibrate import recalibrate
from harness.prune.recover.reconstruct.batches import check_enough
from harness.prune.recover.recovery import RecoverySpec, reconstruct_result, recover
from harness.prune.recover.stepwise import prune_in_steps
from harness.prune.result import PruneResult
from harness.records import PruneFile
from harness.spec import PruneSpec, SpeedSpec

if TYPE_CHECKING:
    from harness.data import Dataset


@dataclass(frozen=True)
class Job:
    """What to prune, how, and where to write it.

    Exactly one of `spec`, `plan`, a file to replay, and `speed` is given. In several `steps` the network is trained
    between them as `recovery` says, which then needs `examples`, in the shape that the model takes but for axes of
    length 1. `unsafe` lets code inside the file run. Latency tables are kept in `store`.
    """

    source: Path
    output: Path
    spec: PruneSpec | None = None
    plan: Path | None = None
    steps: int = 1
    examples: Dataset | None = None
    recovery: RecoverySpec = field(default_factory=lambda: RecoverySpec(recalibrate=False))
    unsafe: bool = False
    seed: int = 0
    speed: SpeedSpec | None = None
    store: Store = field(default_factory=lambda: open_store(".harness"))

    def __post_init__(self) -> None:
        if (self.spec, self.plan, self.speed).count(None) != 2:
            raise SpecError("harness prune: give one of --ratio, --filters, --plan, --speedup and --max-latency-us")
        if self.steps < 1:
            raise SpecError(f"--steps {self.steps}: give 1 or more")
        recovers = self.recovery.train is not None or self.recovery.reconstruct is not None
        if self.steps > 1 and (self.spec is None or not recovers):
            raise SpecError(
                "--steps: the network is trained between the steps; give --ratio and --finetune-epochs or --reconstruct"
            )
        if self.examples is None and self.recovery.reconstruct is not None:
            raise SpecError("--reconstruct: needs examples; give --data NAME")
        if self.examples is None and (self.recovery.recalibrate or self.recovery.train is not None):
            raise SpecError("--recalibrate and --finetune-epochs: need examples; give --data NAME")
        if self.recovery.distill and self.recovery.train is None:
            raise SpecError("--distill: the original's answers are for fine-tuning; give --finetune-epochs")
        if self.recovery.scratch_epochs is not None:
            if self.recovery.scratch_epochs < 1:
                raise SpecError("--scratch-epochs: give 1 or more")
            if self.recovery.train is None:
                raise SpecError("--scratch-epochs: the baselines go with fine-tuning; give --finetune-epochs")


@dataclass(frozen=True)
class Done:
    """What a job made: the pruned network, what was written about it, and the files, the model first.

    `no_accuracy` says why none is told although there were examples.
    """

    result: PruneResult
    about: PruneFile
    files: list[Path]
    no_accuracy: str | None = None


def run_job(job: Job, progress: Progress | None = None) -> Done:
    """Do all of it. Nothing is written unless all of it worked.

    Raises:
        ModelError: the file holds no model that can be read.
        PruneError: nothing can be pruned as asked, or the plan or the data don't fit.
        ProofError: the pruned network is not the masked original.
        StoreError: the output can't be written.
    """
    shown = progress or Silent()
    check_output(job.output, job.source, *([job.plan] if job.plan else []))
    with shown.task(f"load {job.source.name}"):
        original = load_model(job.source, unsafe=job.unsafe)
    no_accuracy = None
    if job.examples is not None:
        examples = job.examples.shaped_for(example_shape(original))
        no_accuracy = _check_examples(original, examples, job.recovery)
        job = replace(job, examples=examples)
    with shown.task("prune and prove"):
        result, earlier = _pruned(original, job, shown)
    recovery, untold = None, {}
    if job.examples is not None:
        after = replace(job.recovery, earlier_epochs=earlier, seed=job.seed)
        if no_accuracy is None:
            recovery = recover(original, result, job.examples, after, shown)
        else:
            with shown.task("reconstruct" if after.reconstruct is not None else "recalibrate"):
                untold = _unjudged(original, result, job.examples, after)
    about = PruneFile(
        source=job.source.name,
        spec=job.spec,
        proof=result.proven,
        report=result.report,
        recovery=recovery,
        speed=result.speed,
        **untold,
    )
    return Done(result, about, save(result, job.output, about), no_accuracy)


def _unjudged(original: keras.Model, result: PruneResult, examples: Dataset, recovery: RecoverySpec) -> dict[str, Any]:
    """Recover, in place, what no accuracy can be told of: what there is to tell, as fields of a PruneFile."""
    if recovery.reconstruct is not None:
        return {"reconstruction": reconstruct_result(original, result, examples, recovery)}
    return {"recalibrated": recovery.recalibrate and recalibrate(result.model, examples.train_images)}


def _check_examples(original: keras.Model, examples: Dataset, recovery: RecoverySpec) -> str | None:
    """Whether the examples can do what they were given for; why no accuracy can be told of them, if so.

    Ranking, recalibrating and reconstructing take the inputs alone, so they need no classifier; fine-tuning does.
    """
    check_readable(original)
    check = check_examples if recovery.reconstruct is None else check_enough
    check([tuple(tensor.shape) for tensor in original.inputs], [examples.train_images])
    why = why_no_accuracy(original, examples.train_labels) if examples.labelled else "the data has no labels"
    if why is not None and recovery.train is not None:
        raise PruneError(f"--finetune-epochs: {why}; leave it out, and train the pruned model yourself")
    return why


def _pruned(original: keras.Model, job: Job, progress: Progress) -> tuple[PruneResult, int]:
    """What came out, and for how many epochs it was trained between the steps."""
    if job.plan is not None:
        return replay(original, read_plan(job.plan), seed=job.seed), 0
    examples = job.examples
    data: Any = None
    if examples is not None:
        data = (examples.train_images, examples.train_labels if examples.labelled else None)
    if job.speed is not None:
        pricing, given = Pricing(job.store, progress), Data.given(data, job.seed)
        judging = examples if examples is not None and examples.labelled else None
        with estimating(original, lambda: judging, job.seed, progress):
            judge = KerasJudge.of(original, data, job.seed)
            return prune_to_speed(original, job.speed, pricing, data=given, seed=job.seed, judge=judge), 0
    assert job.spec is not None  # Job sees to it
    spec = job.spec.model_copy(update={"recover": None, "reconstruct_images": None})  # what follows is done here
    if job.steps == 1:
        return prune(original, spec, data=data, seed=job.seed), 0
    epochs = 0

    def between(result: PruneResult) -> None:
        nonlocal epochs
        assert examples is not None  # Job sees to it
        epochs += _between_steps(original, result, examples, replace(job.recovery, seed=job.seed))

    return prune_in_steps(original, spec, job.steps, between, data=data, seed=job.seed), epochs


def _between_steps(original: keras.Model, result: PruneResult, examples: Dataset, recovery: RecoverySpec) -> int:
    """Recover what came out of a step, in place; return for how many epochs it was trained."""
    recalibrated = recovery.recalibrate
    if recovery.reconstruct is not None:
        reconstruct_result(original, result, examples, recovery)
        recalibrated = False
    if recovery.train is None:
        return 0
    tune(
        result.model,
        examples,
        recovery.train,
        recalibrated=recalibrated,
        teacher=original if recovery.distill else None,
        schedule=recovery.schedule,
        seed=recovery.seed,
    )
    return recovery.train.epochs
