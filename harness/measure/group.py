"""The models measured together: probing each alone, then launching processes that hold them all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.base.crash import scratch
from harness.base.errors import DeviceError, MeasureError
from harness.measure.files.conversions import conversions, quantized
from harness.measure.files.model_file import ModelFile, read_model
from harness.measure.inputs.declared import fixed_batch
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.measure.launch import Launch, Process
from harness.measure.model import Placement
from harness.measure.runtime.environment import usable_cpus
from harness.measure.runtime.placement import device_of, require_cuda
from harness.measure.runtime.process import WorkerFailedError, run_worker, started_worker
from harness.measure.runtime.session import CUDA, load_runtime
from harness.spec import Device, MeasureSpec, Mode

BLOCK_NS = 1_000_000
WARMUP_NS = 300_000_000
ROUNDS = (5, 200)

Key = tuple[int, int, Mode]


@dataclass
class Row:
    """What is known so far of one model at one batch size in one mode; `error` ends it."""

    key: Key
    usual_ns: int = 0
    peak_bytes: int | None = None
    gpu_bytes: int | None = None
    launches: list[Launch] = field(default_factory=list)
    error: str | None = None


@dataclass
class Member:
    """One model of the group. `path` is what workers open: the file itself, or the control's copy."""

    file: ModelFile
    path: Path
    device: str = "cpu"
    placement: Placement | None = None
    provider_options: Mapping[str, str] = field(default_factory=dict)
    runtime_bytes: int | None = None
    session_ns: list[int] = field(default_factory=list)


class Group:
    """Models that are measured in the same processes, on the same inputs.

    `inputs` describe what each model is fed, in the order of its inputs: see runs.make_feed.
    """

    def __init__(self, members: Sequence[Member], inputs: Sequence[Mapping[str, Any]], spec: MeasureSpec) -> None:
        self.members, self.inputs, self.spec = list(members), list(inputs), spec
        self.rows: dict[Key, Row] = {
            (index, batch, mode): Row((index, batch, mode))
            for index in range(len(self.members))
            for batch in spec.batch_sizes
            for mode in spec.modes
        }
        for row in self.rows.values():
            row.error = self._batch_refused(row)
        self.device = "cpu"
        self.processes: list[Process] = []
        self.announce = False

    @property
    def one_thread(self) -> bool:
        """Whether the measuring thread does all of the work, so that its CPU time says whether it was interrupted."""
        return self.device == "cpu" and self.spec.threads == 1 and self.spec.inter_op_threads == 1

    def _cpu_share(self, rows: Sequence[Mapping[str, Any]]) -> float | None:
        """The mean share of the timed blocks in which a launch had a core."""
        shares = [share for row in rows for share in row.get("cpu_shares") or ()]
        return sum(shares) / len(shares) if shares and self.one_thread else None

    def _batch_refused(self, row: Row) -> str | None:
        """Why a model can't be run at a batch size, which is never changed silently; None where it can."""
        index, batch, _ = row.key
        batched = [(one, fed["shape"]) for one, fed in zip(self.members[index].file.inputs, self.inputs, strict=True)]
        batched = [(one, shape) for one, shape in batched if None in shape]
        for one, shape in batched:
            fixed = None if one.shape is None else one.shape[shape.index(None)]
            if fixed not in (None, batch):
                return f"the model's batch is fixed at {fixed}; export it with a dynamic batch"
        if batch != 1 and not batched:
            return "no input has a batch axis, so only batch 1 can be measured"
        return None

    @property
    def valid(self) -> list[Row]:
        """The rows that have not failed so far."""
        return [row for row in self.rows.values() if row.error is None]

    def probe(self) -> None:
        """Run each model alone in its own process: its device, memory, rough latency, and whether it works at all.

        Raises:
            MeasureError: onnxruntime can't load a model.
            DeviceError: the device is `cuda` and a part of a model falls to the CPU, or a mode needs CUDA.
        """
        offered = CUDA in load_runtime().get_available_providers()
        if self.spec.device == "cuda" and not offered:
            raise DeviceError("this onnxruntime has no CUDA; install onnxruntime-gpu, or use --device cpu")
        tried = "cuda" if offered and self.spec.device != "cpu" else "cpu"
        self._check_modes(tried)
        left = list(range(len(self.members)))
        while left:
            self._probe(left[: 1 if tried == "cuda" else usable_cpus()], tried)
            left = [index for index in left if self._unprobed(index)]
            if all(member.device == "cpu" for member in self.members):
                tried = "cpu"  # onnxruntime listed CUDA, and it does not run
                self._check_modes(tried)
        self.device = "cuda" if any(member.device != "cpu" for member in self.members) else "cpu"

    def _check_modes(self, device: str) -> None:
        if device == "cpu" and "cuda_graph" in self.spec.modes:
            why = "device is cpu" if self.spec.device == "cpu" else "CUDA does not run here"
            raise DeviceError(f"mode cuda_graph needs CUDA, and {why}; leave it out, or see `harness doctor`")

    def _unprobed(self, index: int) -> list[Row]:
        """The rows of a model that are neither probed nor known to fail."""
        return [row for row in self.rows.values() if row.key[0] == index and row.error is None and not row.usual_ns]

    def _probe(self, indices: Sequence[int], device: str) -> None:
        """Probe some models at the same time, each in its own process."""
        with ExitStack() as stack:
            folder = stack.enter_context(scratch())
            workers = {}
            for index in indices:
                model = self._model(index, self._unprobed(index))
                if quantized(self.members[index].file.proto):
                    model["optimized"] = str(folder / f"{index}.onnx")
                job = self._job("probe", device, 0) | {"models": [model]}
                workers[index] = stack.enter_context(started_worker(job))
            for index, worker in workers.items():
                try:
                    self._keep_probe(index, worker.answer(self.spec.timeout_s), folder / f"{index}.onnx")
                except WorkerFailedError as failure:
                    self._blame(failure, [index])

    def _keep_probe(self, index: int, answer: Mapping[str, Any], optimized: Path) -> None:
        member = self.members[index]
        if "load_error" in answer:
            raise MeasureError(f"{member.file.path}: onnxruntime can't load it: {answer['load_error']}")
        member.runtime_bytes = answer["runtime_bytes"]
        member.provider_options = answer["provider_options"]
        for found in answer["rows"]:
            row = self.rows[index, found["batch"], found["mode"]]
            row.error = found.get("error")
            row.usual_ns = found.get("usual_ns", 0)
            row.peak_bytes, row.gpu_bytes = found["peak_bytes"], found["gpu_bytes"]
        if "placement" in answer:
            if self.spec.device == "cuda":
                require_cuda(member.file.path, answer["placement"])
            member.device = device_of(answer["placement"])
            left = conversions(optimized) if quantized(member.file.proto) else None
            member.placement = Placement.model_validate(answer["placement"] | {"conversions": left})

    def launch(self, number: int, rounds_ns: int) -> None:
        """One fresh process that holds all models and times their valid rows for about `rounds_ns`.

        A process that crashes or hangs makes the row at fault invalid, and the launch counts for no row.
        """
        rows = self.valid
        indices = sorted({row.key[0] for row in rows})
        models = [self._model(index, [row for row in rows if row.key[0] == index]) for index in indices]
        job = self._job("measure", self.device, self.spec.seed + number)
        job |= {"models": models, "rounds": ROUNDS, "rounds_ns": rounds_ns, "announce": self.announce}
        start = time.monotonic()
        try:
            answer = run_worker(job, self.spec.timeout_s)
        except WorkerFailedError as failure:
            self._blame(failure, indices)
            return
        self.processes.append(
            Process(
                number=number,
                startup_ns=answer["startup_ns"],
                cpu_share=self._cpu_share(answer["rows"]),
                seconds=time.monotonic() - start,
            )
        )
        for position, spent in answer["session_ns"].items():
            self.members[indices[int(position)]].session_ns.append(spent)
        for found in answer["rows"]:
            row = self.rows[indices[found["model"]], found["batch"], found["mode"]]
            row.error = found.get("error")
            if row.error is None:
                row.launches.append(_launch(number, found, self.one_thread))

    def _blame(self, failure: WorkerFailedError, indices: Sequence[int]) -> None:
        """Make invalid what the worker was at when it failed. Where that is not known, the next one announces it."""
        at = failure.at
        if "model" in at:
            index = indices[at["model"]]
            for row in self.rows.values():
                same_model = row.key[0] == index
                if same_model and row.error is None and ("batch" not in at or row.key[1:] == (at["batch"], at["mode"])):
                    row.error = str(failure)
        elif not self.announce:
            self.announce = True
        else:
            raise MeasureError(str(failure))

    def _job(self, task: str, device: str, seed: int) -> dict[str, Any]:
        spec = self.spec
        return {
            "task": task,
            "settings": spec.session_settings(device),
            "inputs": self.inputs,
            "seed": seed,
            "copies": spec.input_copies,
            "block_ns": BLOCK_NS,
            "warmup_ns": WARMUP_NS,
            "announce": False,
        }

    def _model(self, index: int, rows: Sequence[Row]) -> dict[str, Any]:
        member = self.members[index]
        return {
            "path": str(member.path),
            "names": [one.name for one in member.file.inputs],
            "dtypes": [one.dtype for one in member.file.inputs],
            "rows": [row.key[1:] for row in rows],
        }


def placement(path: Path, device: Device = "auto", inputs: Sequence[str] = ()) -> Placement:
    """Where each node of a model really runs; `inputs` are `name:shape:dtype` where they can't be invented.

    Raises:
        MeasureError: the model can't be run.
        DeviceError: `device` is `cuda` and a part of the model falls to the CPU.
    """
    file = read_model(path)
    batch = fixed_batch(file.inputs) or 1
    spec = MeasureSpec(device=device, batch_sizes=(batch,), inputs=tuple(inputs))
    with scratch() as folder:
        fed = describe_inputs([(path, file.inputs)], gather(inputs, None, {}, file.inputs), folder)
        group = Group([Member(file, path)], fed, spec)
        group.probe()
    found = group.members[0].placement
    if found is None:
        raise MeasureError(f"{path}: can't be run: {next(iter(group.rows.values())).error}")
    return found


def _launch(number: int, found: Mapping[str, Any], one_thread: bool) -> Launch:
    shares = found["cpu_shares"] if one_thread else None
    return Launch(
        number=number,
        first_ns=found["first_ns"],
        warmup_ns=tuple(found["warmup_ns"]),
        settled=found["settled"],
        blocks_ns=tuple(tuple(block) for block in found["blocks_ns"]),
        cpu_shares=None if shares is None else tuple(shares),
    )
