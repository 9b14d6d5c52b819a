"""What is known of a model before it is bundled, from wherever it comes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import stats
from harness.data import Dataset
from harness.deploy.manifest import Baseline, MeasuredAccuracy, MeasuredLatency, MeasuredSpeedup
from harness.measure.comparison import Comparison
from harness.measure.row import MeasuredRow
from harness.records import Accuracy, ChannelPlan, Parity, Proof, Quantization
from harness.spec import DataSpec


@dataclass(frozen=True)
class Evidence:
    """An ONNX file, the data it is for, and what was measured of it; the fields are those of the manifest.

    `labels` are those that the file itself has, and `channels_first` is how it takes images.
    """

    onnx: Path
    name: str
    dataset: Dataset
    data: DataSpec
    device: str
    versions: Mapping[str, str | None]
    accuracy: Accuracy | None
    study: str | None = None
    macs: int | None = None
    architecture: str | None = None
    latency: tuple[MeasuredLatency, ...] = ()
    conditions: Mapping[str, Any] | None = None
    baseline: Baseline | None = None
    parity: Parity | None = None
    plan: ChannelPlan | None = None
    proof: Proof | None = None
    quantization: Quantization | None = None
    source: str | None = None
    labels: tuple[str, ...] = ()
    channels_first: bool = False


def with_interval(accuracy: Accuracy) -> MeasuredAccuracy:
    """An accuracy and its 95 % interval; which answers were right is enough for a bundle."""
    low, high = stats.wilson(accuracy.hits, accuracy.examples)
    answers = accuracy.model_copy(update={"wrong": None})
    return MeasuredAccuracy(value=accuracy.value, low=low, high=high, answers=answers)


def latency_of(row: MeasuredRow) -> MeasuredLatency | None:
    """What a row of a measurement says of latency; None where it failed."""
    if row.median_us is None:
        return None
    interval = stats.sequential_interval([math.log(launch.usual_us) for launch in row.launches])
    bounded = math.isfinite(interval.low) and len(row.launches) >= stats.MINIMUM_LAUNCHES
    return MeasuredLatency(
        batch=row.batch,
        mode=row.mode,
        median_us=row.median_us,
        low_us=math.exp(interval.low) if bounded else None,
        high_us=math.exp(interval.high) if bounded else None,
        launches=len(row.launches),
        peak_bytes=row.peak_bytes,
    )


def speedup_of(found: Comparison) -> MeasuredSpeedup | None:
    """What a comparison with the baseline says; None where a row failed."""
    if found.speedup is None:
        return None
    return MeasuredSpeedup(
        batch=found.batch,
        mode=found.mode,
        speedup=found.speedup,
        low=found.ci_low,
        high=found.ci_high,
        verdict=found.verdict,
    )
