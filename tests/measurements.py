"""Measurements that no machine made, with known speed-ups and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.measure.launch import Launch, Process
from harness.measure.measurement import Measurement
from harness.measure.model import Fed, MeasuredModel
from harness.measure.row import MeasuredRow
from harness.spec import MeasureSpec

ENVIRONMENT: Mapping[str, Any] = {
    "versions": {"onnxruntime-gpu": "1.31.1", "python": "3.11.7"},
    "platform": "Linux",
    "cpu": "Some CPU",
    "cpu_flags": ["avx2", "avx512f"],
    "cpus": 4,
    "affinity": [0, 1, 2, 3],
    "cgroup_cpus": None,
    "caches_bytes": {"L1": 32 * 1024, "L2": 512 * 1024, "L3": 32 * 1024**2},
    "governor": None,
    "gpus": [],
}


def launch(number: int, latency_us: float, rng: np.random.Generator, rounds: int = 20, drift: float = 0.0) -> Launch:
    """Blocks of 5 calls around a latency, with 1 % noise from block to block; `drift` is the change over the rounds."""
    pace = latency_us * 1000 * (1 + drift * np.arange(rounds) / rounds) * (1 + 0.01 * rng.standard_normal(rounds))
    calls = pace[:, None] * (1 + 0.01 * rng.standard_normal((rounds, 5)))
    blocks = tuple(tuple(int(call) for call in block) for block in calls)
    return Launch(
        number=number,
        first_ns=int(3000 * latency_us),
        warmup_ns=blocks[0],
        settled=True,
        blocks_ns=blocks,
        cpu_shares=(1.0,) * rounds,
    )


def measurement(
    latencies_us: Sequence[float] = (100.0, 50.0),
    launches: int = 12,
    noise: float = 0.005,
    environment: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Measurement:
    """One batch size, end to end; `noise` is the SD of each model's launch effect."""
    rng = np.random.default_rng(0)
    asked = MeasureSpec(**{"batch_sizes": (1,), **spec})

    def row(model: int, latency_us: float) -> MeasuredRow:
        effects = latency_us * np.exp(noise * rng.standard_normal(launches))
        return MeasuredRow(
            model=model,
            batch=asked.batch_sizes[0],
            mode=asked.modes[0],
            device="cpu",
            peak_bytes=60_000_000,
            error=None,
            launches=tuple(launch(number, effect, rng) for number, effect in enumerate(effects)),
        )

    return Measurement(
        spec=asked,
        environment={**ENVIRONMENT, **(environment or {})},
        models=tuple(_model(index) for index in range(len(latencies_us))),
        rows=tuple(row(index, latency) for index, latency in enumerate(latencies_us)),
        control=(row(0, latencies_us[0]),),
        control_of=0,
        inputs=(Fed(shape=(8, 8, 1), dtype="float32", batched=True, invented=True),),
        processes=tuple(Process(number=n, startup_ns=1000, cpu_share=1.0, seconds=1.0) for n in range(launches)),
        stopped="budget",
        seconds=20.0,
    )


def _model(index: int) -> MeasuredModel:
    return MeasuredModel(
        path=f"folder/model{index}.onnx",
        sha256=f"{index:064d}",
        size_bytes=1000,
        parameters=100,
        macs=5000,
        uncounted=(),
        opset=18,
        device="cpu",
        placement=None,
        provider_options={},
        runtime_bytes=50_000_000,
        session_ns=(1_000_000,),
        findings=(),
    )
