"""The evidence of an ONNX file by itself: it is run on the data, and measured here and now."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from harness.base.errors import BundleError, ModelError, PruneError
from harness.base.progress import Progress, Silent
from harness.data import Dataset
from harness.deploy.manifest import Baseline
from harness.deploy.source.described import described, metadata_of
from harness.deploy.source.evidence import Evidence, latency_of, speedup_of
from harness.deploy.source.from_run import PACKAGES, shaped
from harness.measure.accuracy import evaluate
from harness.measure.conditions import conditions
from harness.measure.files.conversions import quantized
from harness.measure.files.model_file import read_model, tensors
from harness.measure.inputs.declared import fixed_batch
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe
from harness.records import ChannelPlan, Proof
from harness.spec import DataSpec, MeasureSpec


def evidence_of_file(
    onnx: Path,
    spec: DataSpec,
    dataset: Dataset,
    *,
    against: Path | None = None,
    measuring: MeasureSpec,
    progress: Progress | None = None,
) -> Evidence:
    """What an ONNX file answers on a dataset's test examples, and how fast it is, also `against` another file.

    `measuring` says on which device, and for how long; the batch is 1, or the only one that the file takes.

    Where it was pruned from that file by the plan beside it, that is proved again.

    Raises:
        BundleError: it takes other examples, or is not what its plan leaves of the other file.
        MeasureError: it can't be run.
        DeviceError: `device` is `cuda` and a part of it falls to the CPU.
    """
    progress = progress or Silent()
    file = read_model(onnx)
    stored, dataset = dataset, shaped(onnx, dataset, spec)
    with progress.task("prove"):
        plan, proof = (None, None) if against is None else _proven(against, onnx, dataset, metadata_of(file).plan)
    batch, device = fixed_batch(file.inputs) or 1, measuring.device
    measuring = measuring.model_copy(update={"batch_sizes": (batch,)})
    with progress.task("evaluate"):
        accuracy = evaluate(onnx, dataset.test_images, dataset.test_labels, device=device)
        other = None if against is None else evaluate(against, dataset.test_images, dataset.test_labels, device=device)
    paths = [onnx] if against is None else [against, onnx]
    images = {file.inputs[0].name: dataset.test_images[:batch].astype(file.inputs[0].dtype)}
    found = measure(paths, measuring, inputs=images, progress=progress)
    number = len(paths) - 1
    model = found.models[number]
    baseline = None
    if against is not None and other is not None:
        baseline = Baseline(
            name=against.stem,
            sha256=found.models[0].sha256,
            accuracy=other.value,
            speedups=tuple(each for each in map(speedup_of, found.compare_all()) if each is not None),
        )
    return Evidence(
        onnx=onnx,
        name=onnx.stem,
        dataset=dataset,
        data=spec,
        device=model.device,
        versions={name: describe()["versions"].get(name) for name in PACKAGES},
        accuracy=accuracy,
        macs=model.macs,
        latency=tuple(each for row in found.rows if row.model == number and (each := latency_of(row)) is not None),
        conditions=conditions(found),
        baseline=baseline,
        plan=plan or metadata_of(file).plan,
        proof=proof,
        **described(file, stored),
    )


def _converted(path: Path) -> bool:
    """Whether a file computes with other numbers than float32 ones."""
    import onnx

    proto = read_model(path).proto
    return quantized(proto) or any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in tensors(proto))


def _proven(
    original: Path, pruned: Path, dataset: Dataset, own: ChannelPlan | None
) -> tuple[ChannelPlan | None, Proof | None]:
    """The plan beside a pruned file, or its own, and its proof: of the architecture where kernels were solved again.

    Nothing where there is no plan, each is for another network than the original, or the numbers were changed since.
    """
    if _converted(pruned) and not _converted(original):
        return None, None
    from harness.prune.files import plan_path, read_plan
    from harness.prune.onnx.verified import verify_onnx

    plans = [read_plan(plan_path(pruned))] if plan_path(pruned).is_file() else []
    one = read_model(original).inputs[0]
    sizes = "x".join(map(str, (fixed_batch([one]) or "N", *dataset.image_shape)))
    for plan, inputs in product([*plans, own], ([], [f"{one.name}:{sizes}:{one.dtype}"])):
        if plan is None:
            continue
        try:
            found = verify_onnx(original, pruned, plan, inputs=inputs)
            if found.holds is None:
                found = verify_onnx(original, pruned, plan, inputs=inputs, architecture=True)
        except (ModelError, PruneError):
            continue
        if found.holds is False:
            raise BundleError(f"{pruned}: is not {original} without the channels of its plan: {found.why}")
        return plan, found.proof
    return None, None
