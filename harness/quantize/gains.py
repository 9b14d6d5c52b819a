"""Files against the one that they were made of, by the paired protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from harness.base.progress import Progress
from harness.measure.comparison import Comparison
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.records import Gain
from harness.spec import MeasureSpec


def gains_of(
    original: Path, files: Sequence[Path], spec: MeasureSpec, progress: Progress | None = None
) -> tuple[Measurement, tuple[tuple[Gain, ...], ...]]:
    """The measurement, and for each file its speed-up over the original at each batch size, corrected together.

    Raises:
        MeasureError: a file can't be measured.
        DeviceError: the device is `cuda` and a part of a file falls to the CPU.
    """
    found = measure([original, *files], spec, progress=progress)
    compared = found.compare_all()
    return found, tuple(
        tuple(_gain(found, each) for each in compared if each.candidate == number and each.mode == spec.modes[0])
        for number in range(1, len(files) + 1)
    )


def _gain(measurement: Measurement, found: Comparison) -> Gain:
    rows = [measurement.row(model, found.batch, found.mode) for model in (found.baseline, found.candidate)]
    return Gain(
        batch=found.batch,
        speedup=found.speedup,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        verdict=found.verdict,
        original_us=rows[0].median_us,
        quantized_us=rows[1].median_us,
    )


def typical(gains: Sequence[Gain]) -> float:
    """The speed-up over all batch sizes together, as the geometric mean of those that are known; 0 where none is."""
    known = [gain.speedup for gain in gains if gain.speedup]
    return math.exp(sum(map(math.log, known)) / len(known)) if known else 0.0


def judged(gains: Sequence[Gain]) -> bool:
    """Whether there were launches enough for an interval at each batch size."""
    return all(gain.ci_low is not None for gain in gains)


def wins(gains: Sequence[Gain]) -> bool:
    """Whether it is shown to be faster at a batch size, and slower at none."""
    verdicts = {gain.verdict for gain in gains}
    return "faster" in verdicts and "slower" not in verdicts and "invalid" not in verdicts


def loses(gains: Sequence[Gain]) -> bool:
    """Whether it is shown to be slower at a batch size."""
    return any(gain.verdict == "slower" for gain in gains)
