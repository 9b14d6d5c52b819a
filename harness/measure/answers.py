"""What a model answers to given inputs, in a process of its own that may crash, hang or run out of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.crash import scratch
from harness.base.errors import DeviceError, MeasureError
from harness.measure.model import Placement
from harness.measure.runtime.placement import device_of, require_cuda
from harness.measure.runtime.process import WorkerFailedError, run_worker
from harness.measure.runtime.session import CUDA, SessionSettings, load_runtime
from harness.spec import Device

Array = NDArray[Any]
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Answers:
    """An array for each output, in order, where the model ran, and each of its nodes."""

    outputs: tuple[Array, ...]
    device: str
    placement: Placement


def answers(
    path: Path,
    inputs: Sequence[tuple[str, Array]],
    *,
    device: Device = "auto",
    optimization: str = "all",
    timeout_s: float | None = None,
) -> Answers:
    """Run an ONNX file once on named arrays, in a fresh process with one thread.

    Raises:
        MeasureError: it can't be loaded or run, crashes, or says nothing for `timeout_s` (120 s).
        DeviceError: `device` is `cuda` and a part of the model falls to the CPU.
    """
    on_cuda = device != "cpu" and CUDA in load_runtime().get_available_providers()
    if device == "cuda" and not on_cuda:
        raise DeviceError("this onnxruntime has no CUDA; install onnxruntime-gpu, or use --device cpu")
    settings = SessionSettings(device="cuda" if on_cuda else "cpu", optimization=optimization)
    with scratch() as folder:
        job = _job(path, inputs, settings, folder)
        try:
            answer = run_worker(job, TIMEOUT_S if timeout_s is None else timeout_s)
        except WorkerFailedError as failure:
            raise MeasureError(f"{path}: can't be run: {failure}") from None
        for problem, what in (("load_error", "loaded"), ("run_error", "run")):
            if problem in answer:
                raise MeasureError(f"{path}: can't be {what}: {answer[problem]}")
        with np.load(job["answers"], allow_pickle=False) as data:
            outputs = tuple(data[f"arr_{number}"] for number in range(len(data.files)))
    if device == "cuda":
        require_cuda(path, answer["placement"])
    return Answers(outputs, device_of(answer["placement"]), Placement.model_validate(answer["placement"]))


def _job(path: Path, inputs: Sequence[tuple[str, Array]], settings: SessionSettings, folder: Path) -> dict[str, Any]:
    file = folder / "inputs.npz"
    np.savez(file, *(array for _, array in inputs))
    described = [
        {"shape": list(array.shape), "dtype": str(array.dtype), "file": str(file), "key": f"arr_{number}"}
        for number, (_, array) in enumerate(inputs)
    ]
    chosen = asdict(settings)
    return {
        "task": "answer",
        "settings": chosen,
        "inputs": described,
        "seed": 0,
        "copies": 1,
        "answers": str(folder / "answers.npz"),
        "models": [{"path": str(path), "names": [name for name, _ in inputs], "rows": [[1, "end_to_end"]]}],
    }
