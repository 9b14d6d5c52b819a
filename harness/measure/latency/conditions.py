"""What latencies depend on beside the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.measure.conditions import GPU, MACHINE
from harness.measure.runtime.environment import describe
from harness.spec import MeasureSpec


def conditions(spec: MeasureSpec, device: str) -> dict[str, Any]:
    """What latencies depend on beside the network: of the machine, the runtime, and how it is run."""
    environment = describe()
    versions: Mapping[str, Any] = environment["versions"]
    return {
        "onnxruntime": versions.get("onnxruntime-gpu") or versions.get("onnxruntime"),
        "device": device,
        **{fact: environment.get(fact) for fact in MACHINE},
        "CPUs allowed": len(environment["affinity"]),
        "GPUs": [{fact: gpu.get(fact) for fact in GPU} for gpu in environment["gpus"]] if device != "cpu" else [],
        "threads": spec.threads,
        "batch_sizes": list(spec.batch_sizes),
        "inputs": list(spec.inputs),
    }
