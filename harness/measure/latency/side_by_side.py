"""Files profiled in one process, node by node, one after the other in random order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.base.crash import scratch
from harness.base.errors import MeasureError
from harness.base.progress import Progress
from harness.measure.files.model_file import read_model
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.measure.latency.table import Kernel
from harness.measure.runtime.alone import alone
from harness.measure.runtime.process import WorkerFailedError, run_worker
from harness.spec import MeasureSpec

ROUNDS = (3, 60)
BUDGET_S = 3.0  # for a batch size: half for whole runs, half for single nodes
BLOCK_NS = 1_000_000
WARMUP_NS = 50_000_000

Model = Mapping[str, Any]  # a path, its inputs' names and types


def has_one_thread(spec: MeasureSpec, device: str) -> bool:
    """Whether the measuring thread does all of the work, so that its CPU time says whether it was interrupted."""
    return device == "cpu" and spec.threads == 1 and spec.inter_op_threads == 1


def profiled(
    models: Sequence[Model], inputs: Sequence[Model], spec: MeasureSpec, device: str, run: tuple[int, int, int]
) -> Mapping[str, Any]:
    """What `harness/measure/runtime/profiled.py` finds of models; `run` is batch, nanoseconds and seed.

    Raises:
        MeasureError: a model can't be run.
    """
    batch, budget_ns, seed = run
    job = {
        "task": "profile",
        "settings": spec.session_settings(device),
        "inputs": list(inputs),
        "models": list(models),
        "batch": batch,
        "one_thread": has_one_thread(spec, device),
        "seed": spec.seed + seed,
        "warmup_ns": WARMUP_NS,
        "block_ns": BLOCK_NS,
        "rounds": ROUNDS,
        "rounds_ns": budget_ns,
    }
    try:
        answer = run_worker(job, spec.timeout_s)
    except WorkerFailedError as failure:
        raise MeasureError(f"a network can't be timed: {failure}") from None
    if "error" in answer:
        raise MeasureError(f"a network can't be timed: {answer['error']}")
    return answer


def kernels_of(
    paths: Sequence[Path], spec: MeasureSpec, device: str, batch: int, progress: Progress | None = None
) -> list[tuple[Kernel, ...]]:
    """The kernels of files that take the same inputs at a batch size, in the order in which they ran, with their times.

    Raises:
        MeasureError: a file can't be run.
    """
    files = [read_model(path) for path in paths]
    models = [
        {
            "path": str(file.path),
            "names": [one.name for one in file.inputs],
            "dtypes": [one.dtype for one in file.inputs],
        }
        for file in files
    ]
    with scratch() as folder, alone(progress):
        given = gather(spec.inputs, spec.input_data, {}, files[0].inputs)
        inputs = describe_inputs([(file.path, file.inputs) for file in files], given, folder)
        answer = profiled(models, inputs, spec, device, (batch, int(1e9 * min(spec.budget_s, BUDGET_S) / 2), 0))
    return [tuple(Kernel(*each) for each in nodes) for nodes in answer["nodes"]]
