"""Gates that data and the file decide: accuracy, what it lost, size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.deploy.manifest import Manifest
from harness.deploy.validation import Finding
from harness.records import Accuracy

MOST_OTHERS = 0.001  # of the answers; ties may be broken otherwise on another CPU


@dataclass(frozen=True)
class Judged:
    """Which of the same examples the bundle's model and, where there is one, the baseline answered right.

    `confidence` is that of each interval, `examples` what to call them, `same` whether the bundle was judged on them.
    """

    own: Accuracy
    baseline: Accuracy | None
    confidence: float
    examples: str
    same: bool


def recorded_answers(manifest: Manifest, judged: Judged) -> Iterator[Finding]:
    """Where the examples are those that the bundle was judged on: whether it answers them as it did."""
    if not judged.same or manifest.accuracy is None:
        return
    before = _bits(manifest.accuracy.answers)
    other = int(np.count_nonzero(before != _bits(judged.own))) if len(before) == judged.own.examples else len(before)
    decision: stats.Decision = "pass" if other <= MOST_OTHERS * len(before) else "fail"
    line = f"{other} of {len(before):,} turned from right to wrong or from wrong to right ({MOST_OTHERS:.1%} allowed)"
    yield Finding(name="recorded answers", decision=decision, line=line)


def accuracy_gates(bounds: Mapping[str, float], judged: Judged) -> Iterator[Finding]:
    """A finding for each gate on accuracy."""
    if "min_accuracy" in bounds:
        yield _accuracy(bounds["min_accuracy"], judged)
    if "max_accuracy_drop" in bounds and judged.baseline is not None:
        yield _drop(bounds["max_accuracy_drop"], judged, judged.baseline)


def _accuracy(bound: float, judged: Judged) -> Finding:
    own = judged.own
    low, high = stats.wilson(own.hits, own.examples, judged.confidence)
    decision = stats.decide(low, high, least=bound)
    line = f"{own.value:.2%} [{low:.2%}, {high:.2%}], at least {bound:.2%}; {judged.examples}"
    return _finding("min_accuracy", decision, line, (own.value, low, high, bound), judged)


def _drop(bound: float, judged: Judged, baseline: Accuracy) -> Finding:
    found = stats.paired_proportions(_bits(baseline), _bits(judged.own), judged.confidence)
    value, low, high = -found.difference + 0.0, -found.high, -found.low
    decision = stats.decide(low, high, most=bound)
    line = (
        f"{100 * value:.2f} points [{100 * low:.2f}, {100 * high:.2f}] lost, at most {100 * bound:.2f}; "
        f"{found.only_baseline} only the baseline gets right, {found.only_candidate} only this; {judged.examples}"
    )
    return _finding("max_accuracy_drop", decision, line, (value, low, high, bound), judged)


def _finding(
    name: str, decision: stats.Decision, line: str, numbers: tuple[float, float, float, float], judged: Judged
) -> Finding:
    value, low, high, bound = numbers
    cure = f"; {_cure(numbers, judged.own.examples)}" if decision == "can't tell" else ""
    return Finding(
        name=name,
        decision=decision,
        line=f"{line}{cure}",
        value=value,
        low=low,
        high=high,
        bound=bound,
        unit="of the examples",
        condition=judged.examples,
    )


def _cure(numbers: tuple[float, float, float, float], examples: int) -> str:
    """How many examples would decide: the interval gets narrower with their square root."""
    value, low, high, bound = numbers
    distance, reach = abs(value - bound), (high - low) / 2
    if distance == 0 or reach / distance > 100:
        return "the value is at the bound, which no number of examples decides: move the bound"
    needed = math.ceil(examples * max(1.05, (reach / distance) ** 2))
    return f"about {needed:,} examples would decide it"


def _bits(accuracy: Accuracy) -> NDArray[np.bool_]:
    bits: NDArray[np.bool_] = np.frombuffer(accuracy.correct.encode(), np.uint8) == ord("1")
    return bits


def size_gate(bounds: Mapping[str, float], size_bytes: int) -> Iterator[Finding]:
    """A finding for the gate on size, which is known to the byte."""
    if "max_size_mb" not in bounds:
        return
    size, bound = size_bytes / 1e6, bounds["max_size_mb"]
    decision = stats.decide(size, size, most=bound)
    line = f"{size:.3f} MB, at most {bound:g}; the model and its external data"
    yield Finding(
        name="max_size_mb", decision=decision, line=line, value=size, low=size, high=size, bound=bound, unit="MB"
    )
