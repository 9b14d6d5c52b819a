"""Which of onnxruntime's execution providers really run a model here: the list of available ones proves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base.progress import Progress
from harness.doctor.check import Check, State

TIMEOUT_S = 120
CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
NO_GPU = "nothing to do without an NVIDIA GPU: models fall to the CPU, which harness notices and says"


@dataclass(frozen=True)
class Trial:
    """A small convolution on one provider; `why` says what became of it where it did not run there."""

    provider: str
    runs: bool
    why: str = ""

    @property
    def device(self) -> str:
        """What `--device` calls it, and others: `cpu`, `cuda`, `tensorrt`."""
        return self.provider.removesuffix("ExecutionProvider").lower()


def tried_all(progress: Progress) -> tuple[Trial, ...]:
    """Each provider that onnxruntime lists, tried in a process of its own; the CPU first."""
    from harness.measure.runtime.session import load_runtime

    try:
        listed = load_runtime().get_available_providers()
    except Exception as error:  # a broken installation raises anything
        return (Trial(CPU, runs=False, why=f"onnxruntime can't be imported ({type(error).__name__}: {error})"),)
    found = []
    with progress.task("try each provider", len(listed)) as task:
        for provider in sorted(listed, key=lambda name: name != CPU):
            found.append(tried(provider))
            task.advance(note=provider)
    return tuple(found)


def tried(provider: str, timeout_s: float = TIMEOUT_S) -> Trial:
    """A small convolution on one provider, in a process of its own."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
    command = [sys.executable, "-P", "-m", "harness.doctor.trying", provider]
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return Trial(provider, runs=False, why=f"hangs: nothing for {timeout_s:g} s")
    if done.returncode < 0:
        return Trial(provider, runs=False, why=f"dies of {signal.Signals(-done.returncode).name}")
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return Trial(provider, runs=False, why=last)
    if "error" in answer:
        return Trial(provider, runs=False, why=answer["error"])
    if provider not in answer["ran"]:
        return Trial(provider, runs=False, why=f"the work fell to {', '.join(answer['ran']) or 'nothing'}")
    return Trial(provider, runs=True)


def provider_checks(trials: Sequence[Trial], gpus: Sequence[Mapping[str, str]]) -> Iterator[Check]:
    """What the trials say, and what they say of the GPUs that are there."""
    for trial in trials:
        yield _of_provider(trial, gpus)
    if gpus and CUDA not in {trial.provider for trial in trials}:
        found = f"{gpus[0]['name']} is idle: this onnxruntime has no CUDA"
        yield Check(subject="GPU", state=State.WRONG, found=found, cure="install onnxruntime-gpu: `make setup-cuda`")
    for gpu in gpus:
        yield _of_gpu(gpu)


def _of_provider(trial: Trial, gpus: Sequence[Mapping[str, str]]) -> Check:
    subject = f"onnxruntime on {trial.device}"
    if trial.runs:
        return Check(subject=subject, state=State.GOOD, found="really runs a model")
    found = f"runs no model: {trial.why}"
    if trial.provider == CPU:
        cure = "install it again: `make setup`"
        return Check(subject=subject, state=State.BROKEN, found=found, cure=cure)
    if trial.provider == CUDA and gpus:
        cure = "it needs CUDA 13, its driver and cuDNN 9: `make setup-cuda`"
        return Check(subject=subject, state=State.WRONG, found=found, cure=cure)
    if trial.provider == CUDA:
        return Check(subject=subject, state=State.NOTE, found=found, cure=NO_GPU)
    return Check(subject=subject, state=State.NOTE, found=found, cure="nothing to do: harness does not use it")


def _of_gpu(gpu: Mapping[str, str]) -> Check:
    found = f"{gpu['name']}, driver {gpu['driver_version']}"
    if gpu["processes"] in ("0", ""):
        return Check(subject="GPU", state=State.GOOD, found=found)
    found = f"{gpu['name']} is used by {gpu['processes']} processes"
    return Check(subject="GPU", state=State.NOTE, found=found, cure="measure when it is free; latencies are noisy now")
