"""The conditions of a measurement, which must match before two may be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.base.errors import MeasureError
from harness.measure.measurement import Measurement
from harness.measure.model import Fed

SETTINGS = ("modes", "threads", "inter_op_threads", "spinning", "optimization", "input_copies")
MACHINE = ("cpu", "cpu_flags", "cgroup_cpus", "caches_bytes", "governor")
GPU = ("name", "driver_version", "clocks.max.sm", "persistence_mode")


def conditions(measurement: Measurement) -> dict[str, Any]:
    """What a latency depends on beside its model, by name, so that a difference can be named."""
    environment, spec = measurement.environment, measurement.spec
    versions: Mapping[str, Any] = environment.get("versions", {})
    options = {
        f"provider option {key}": value
        for model in measurement.models
        for key, value in sorted(model.provider_options.items())
    }
    return {
        "onnxruntime": versions.get("onnxruntime-gpu") or versions.get("onnxruntime"),
        "device": sorted({model.device for model in measurement.models}),
        **{fact: environment.get(fact) for fact in MACHINE},
        "CPUs allowed": len(environment.get("affinity") or ()),
        "GPUs": [{fact: gpu.get(fact) for fact in GPU} for gpu in environment.get("gpus") or ()],
        **{fact: getattr(spec, fact) for fact in SETTINGS},
        "inputs": [_fed(one) for one in measurement.inputs],
        **options,
    }


def _fed(one: Fed) -> str:
    """What was fed for one input, such as `Nx28x28x1:float32 invented` or `2xNx128:float32 given (SHA-256 4f1c...)`."""
    sizes = [str(size) for size in one.shape]
    if one.batched:
        sizes.insert(one.batch_axis, "N")
    digest = f" (SHA-256 {one.sha256[:12]}...)" if one.sha256 else ""
    return f"{'x'.join(sizes)}:{one.dtype} {'invented' if one.invented else 'given'}{digest}"


def differences(first: Measurement, second: Measurement) -> tuple[str, ...]:
    """The conditions in which two measurements differ, such as `threads: 1 against 2`."""
    ours, theirs = conditions(first), conditions(second)
    names = dict.fromkeys((*ours, *theirs))
    return tuple(
        f"{name}: {_shown(ours.get(name), theirs.get(name))} against {_shown(theirs.get(name), ours.get(name))}"
        for name in names
        if _whatever_precision(ours.get(name)) != _whatever_precision(theirs.get(name))
    )


def _whatever_precision(value: Any) -> Any:
    """A condition without the precision of floats that are fed: that is a part of the model, not of the conditions."""
    return [re.sub(r":float(16|32|64) ", ":float ", part) for part in value] if _are_texts(value) else value


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _shown(value: Any, other: Any) -> str:
    """A value in a message; of two long lists, only what the other lacks."""
    if _are_texts(value) and _are_texts(other):
        return ", ".join(part for part in value if part not in other) or "none of these"
    return "unknown" if value is None else str(value)


def require_same_conditions(first: Measurement, second: Measurement) -> None:
    """Refuse to compare latencies from different conditions.

    Raises:
        MeasureError: names the differences.
    """
    found = differences(first, second)
    if found:
        raise MeasureError(f"measured under different conditions, so not comparable: {'; '.join(found)}")
