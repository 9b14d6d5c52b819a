"""What this machine can run, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.records import Record


class Checkup(Record):
    """The machine's facts; where onnxruntime really runs models; and what to mend, a line each."""

    environment: Mapping[str, Any]
    devices: tuple[str, ...]
    problems: tuple[str, ...]


def examine() -> Checkup:
    """Look at this machine. CUDA counts as a device only where a convolution was seen to run on it."""
    from harness.measure.runtime.environment import describe
    from harness.measure.runtime.session import CUDA, load_runtime
    from harness.measure.runtime.usable import usable_device

    environment = describe()
    offered = CUDA in load_runtime().get_available_providers()
    runs = offered and usable_device("auto") != "cpu"
    devices = ("cpu", "cuda") if runs else ("cpu",)
    return Checkup(environment=environment, devices=devices, problems=problems(environment, offered=offered, runs=runs))


def problems(environment: Mapping[str, Any], *, offered: bool, runs: bool) -> tuple[str, ...]:
    """What to mend, a line each; `offered` is whether onnxruntime lists CUDA, `runs` whether it was seen to run."""
    return (*_cuda(environment, offered, runs), *_processor(environment))


def _cuda(environment: Mapping[str, Any], offered: bool, runs: bool) -> Iterator[str]:
    gpus = environment["gpus"]
    if gpus and not offered:
        yield f"{gpus[0]['name']} is idle: this onnxruntime has no CUDA; install onnxruntime-gpu"
    elif gpus and not runs:
        yield f"{gpus[0]['name']} is there, but CUDA does not run: its driver, CUDA 13 or cuDNN 9 libraries are missing"
    elif offered and not runs:
        yield "onnxruntime lists CUDA, but it does not run here: without a GPU, models silently fall to the CPU"
    for gpu in gpus:
        if gpu["processes"] not in ("0", ""):
            yield f"{gpu['name']} is used by {gpu['processes']} processes; latencies on it will be noisy"


def _processor(environment: Mapping[str, Any]) -> Iterator[str]:
    allowed, quota = len(environment["affinity"]), environment["cgroup_cpus"]
    if quota is not None and quota < allowed:
        fewer = max(1, int(quota))
        cure = f"`harness measure --threads {fewer}` or fewer"
        yield f"the container may use {quota:g} of the {allowed} CPUs it sees; give {cure}"
    if environment["load_1_min"] > 0.5 * allowed:
        yield f"the machine is busy (load {environment['load_1_min']:.1f} on {allowed} CPUs); measure when it is quiet"
    if environment["governor"] not in (None, "performance"):
        yield f"the CPU's clock follows its load (governor {environment['governor']}); 'performance' measures steadier"
