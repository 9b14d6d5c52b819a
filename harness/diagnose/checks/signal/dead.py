"""ReLU units that are zero on every example, and so have no gradient."""

from __future__ import annotations

from collections.abc import Iterator

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number

STOPS_FROM = 0.99
SLOWS_FROM = 0.9


def dead_units(evidence: Evidence) -> Iterator[Finding]:
    """Most units of a ReLU are zero on every example, as given or after the rehearsal.

    Threshold: 99 % of a layer stops learning, since nothing gets past it, forward or back; 90 % slows it. Healthy
    networks had up to 75 % (the gate of a squeeze and excitation: bench/results/diagnose-thresholds.md).
    """
    name, before, after = most_dead(evidence)
    if max(before, after) >= SLOWS_FROM:
        yield _finding(evidence, name, before, after)


def most_dead(evidence: Evidence) -> tuple[str, float, float]:
    """The ReLU with the largest share of dead units: its layer, and the share before and after the rehearsal."""
    later = evidence.after.forward.activities
    shares = [
        (call.name, before.dead, after)
        for call, before in evidence.before.forward.activities.items()
        if before.dead is not None and (after := later[call].dead) is not None
        if call.output is not evidence.head.logits
    ]
    return max(shares, key=lambda share: max(share[1:]), default=("", 0.0, 0.0))


def _finding(evidence: Evidence, name: str, before: float, after: float) -> Finding:
    dead = max(before, after)
    at_once = before >= SLOWS_FROM
    when = ("in the trained network" if evidence.trained else "at initialization") if at_once else "within a few steps"
    text = f"{before:.0%} of its units are zero on all {len(evidence.batch.images)} examples"
    return Finding(
        kind="dead-units",
        severity="stops learning" if dead >= STOPS_FROM else "slows learning",
        what=f"The units of {name} are dead {when}",
        where=name,
        evidence=Number(
            value=dead,
            unit="of the units",
            text=text + (f", and {after:.0%} after {evidence.steps} steps" if evidence.steps else ""),
        ),
        why="A ReLU that is zero passes no gradient, so a unit that is zero on every example never changes again, and "
        "a layer full of them hides everything before it.",
        cure="Start with biases of zero and he_normal kernels, scale the inputs, and lower the learning rate; "
        "LeakyReLU units can't die"
        if not evidence.trained
        else "Train again from fresh weights, with scaled inputs and a lower learning rate; LeakyReLU units can't die",
    )
