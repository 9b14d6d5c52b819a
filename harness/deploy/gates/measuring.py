"""Gates on what only a measurement tells here and now: latency, speed-up, memory."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import stats
from harness.base.progress import Progress
from harness.deploy.gates.looks import Gate, Looks, Seen, more, seen_memory
from harness.deploy.validation import Finding
from harness.deploy.vectors import Array
from harness.measure.memory import peak_memory
from harness.measure.protocol import measure
from harness.measure.runtime.alone import alone
from harness.spec import MeasureSpec

MEMORY_SHARE = 0.25  # of the time, where other gates want some too
HOPELESS_S = 3600.0
UNITS = {"max_latency_us": "µs", "min_speedup": "times", "max_memory_mb": "MB"}


@dataclass(frozen=True)
class Asked:
    """What is measured: files, the bundle's last; what they are fed; how many gates are corrected together."""

    files: Sequence[Path]
    inputs: Mapping[str, Array]
    spec: MeasureSpec
    device: str
    decisions: int


def gates_to_measure(bounds: Mapping[str, float], batch_sizes: Sequence[int]) -> list[Gate]:
    """The measured gates: latency and speed-up at each batch size, memory over all of them."""
    timed = [name for name in ("max_latency_us", "min_speedup") if name in bounds]
    gates = [Gate(name, bounds[name], batch) for name in timed for batch in batch_sizes]
    return gates + [Gate(name, bounds[name]) for name in ("max_memory_mb",) if name in bounds]


def decided(gates: Sequence[Gate], asked: Asked, progress: Progress) -> Iterator[Finding]:
    """Measure until every gate is decided or the time is spent.

    Raises:
        MeasureError: a model can't be measured.
    """
    left = asked.spec.budget_s
    timed = [gate for gate in gates if gate.batch is not None]
    for gate in gates:
        if gate.batch is None:
            share = MEMORY_SHARE if timed else 1.0
            finding, spent = _memory(gate, asked, share * asked.spec.budget_s, progress)
            left = max(1.0, left - spent)
            yield finding
    if timed:
        yield from _timed(timed, asked, left, progress)


def _memory(gate: Gate, asked: Asked, seconds: float, progress: Progress) -> tuple[Finding, float]:
    """What becomes of the gate, and how many seconds that took, without the wait for another measurement."""
    peaks: list[int] = []
    with alone(progress), progress.task("memory"):
        start, look, wanted = time.monotonic(), 0, 0
        while True:
            look, wanted = look + 1, stats.next_look(wanted)
            before = time.monotonic()
            peaks += peak_memory(asked.files[-1], asked.spec, asked.inputs, wanted - len(peaks))
            seen = seen_memory(gate, peaks, look, asked.decisions)
            spent = time.monotonic() - start
            if seen.decision != "can't tell" or spent + 1.5 * (time.monotonic() - before) > seconds:
                break
    sizes = ", ".join(map(str, asked.spec.batch_sizes))
    return _finding(gate, seen, f"{len(peaks)} processes, batch {sizes}, {_conditions(asked)}", spent), spent


def _timed(gates: Sequence[Gate], asked: Asked, seconds: float, progress: Progress) -> Iterator[Finding]:
    looks = Looks(gates, len(asked.files) - 1, asked.decisions)
    spec = asked.spec.model_copy(update={"budget_s": seconds})
    pairs = [(0, len(asked.files) - 1)] if len(asked.files) > 1 else None
    found = measure(asked.files, spec, pairs=pairs, inputs=asked.inputs, until=looks, progress=progress)
    seen = looks.end(found.rows)
    for gate in gates:
        launches = f"{seen[gate].count} launches, batch {gate.batch}, {_conditions(asked)}"
        yield _finding(gate, seen[gate], launches, found.seconds)


def _conditions(asked: Asked) -> str:
    threads = asked.spec.threads
    return f"{asked.device}, {threads} thread{'s' * (threads > 1)}"


def _finding(gate: Gate, seen: Seen, condition: str, spent: float) -> Finding:
    """A gate's line: the value, its interval and bound, and what would decide it."""
    unit, bounded = UNITS[gate.name], math.isfinite(seen.high)
    if seen.error is not None:
        return Finding(
            name=gate.name, decision=seen.decision, line=f"can't be measured: {seen.error}", bound=gate.bound
        )
    digits = 3 if gate.name == "min_speedup" else 1
    value = f"{seen.estimate:.{digits}f}" if seen.count else "?"
    interval = f"[{seen.low:.{digits}f}, {seen.high:.{digits}f}]" if bounded else "[too few launches for an interval]"
    cure = f"; {_cure(gate, seen, spent)}" if seen.decision == "can't tell" else ""
    side = "at least" if gate.least else "at most"
    return Finding(
        name=gate.name,
        decision=seen.decision,
        line=f"{value} {unit} {interval}, {side} {gate.bound:g}; {condition}{cure}",
        value=seen.estimate if seen.count else None,
        low=seen.low if bounded else None,
        high=seen.high if bounded else None,
        bound=gate.bound,
        unit=unit,
        condition=condition,
    )


def _cure(gate: Gate, seen: Seen, spent: float) -> str:
    needed = more(seen, gate.bound, spent)
    if needed is None or needed > HOPELESS_S:
        other = ", or gate min_speedup" if gate.name == "max_latency_us" else ""
        return f"the value is at the bound, which no hour of measuring decides: move the bound{other}"
    return f"--spend {math.ceil(max(needed, spent + 1))} would decide it"
