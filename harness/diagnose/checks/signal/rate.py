"""A short range test: the same few steps at other learning rates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.rehearsal import fall
from harness.diagnose.findings import Finding, Number

# Measured on four networks with Adam and SGD at nine rates each (docs/diagnose.md), steps on the same examples.
SPIKE = 1.5  # the largest loss on the way, to the first: every rate below the best stayed under 1.2
FLAT_STOPS = 0.001  # share of the loss that ten steps took off: below, three epochs gave nothing
FLAT_SLOWS = 0.005
CLEARLY = 0.1  # share by which a lower rate must end lower
FALLS = 0.01  # share that a higher rate must take off,
TIMES = 5  # and so many times what this one takes off
LOWEST, HIGHEST = 1e-7, 1.0
USUAL = 3e-3  # between Keras's defaults for Adam, 0.001, and for SGD, 0.01


def learning_rate_high(evidence: Evidence) -> Iterator[Finding]:
    """Steps so long that the loss rises, where shorter ones lower it.

    Threshold: the loss rises to 1.5 times the first, or overflows, while a tenth or a hundredth of the rate ends at
    least 10 % lower. It stops learning where ten steps ended no lower than they began.
    """
    losses, rate = evidence.losses, evidence.question.learning_rate
    if not evidence.question.rate_given or len(losses) < 4 or _highest(losses) <= SPIKE * losses[0]:
        return
    better = _lower(evidence, rate, losses)
    if better is None:
        return
    other, ends = better
    lost = not math.isfinite(losses[-1]) or losses[-1] >= 0.98 * losses[0]
    yield Finding(
        kind="learning-rate-high",
        severity="stops learning" if lost else "slows learning",
        what=f"The learning rate of {rate:g} is too high",
        evidence=Number(
            value=rate,
            unit="learning rate",
            better=other,
            text=f"in {evidence.steps} steps the loss goes from {losses[0]:.3g} over {_highest(losses):.3g} to "
            f"{losses[-1]:.3g}; at {other:g} it ends at {ends:.3g}",
        ),
        why="Every step jumps past the valley it aims for, and the first ones may kill units for good.",
        cure=f"Use a learning rate of about {other:g}",
    )


def learning_rate_low(evidence: Evidence) -> Iterator[Finding]:
    """Steps so short that nothing moves, where longer ones lower the loss.

    Threshold: ten steps on the same examples take less than 0.5 % off the loss (slows learning) or 0.1 % (stops it),
    while at some rate ten or more times higher they take off 1 % and five times as much.
    """
    losses, rate = evidence.losses, evidence.question.learning_rate
    if not evidence.question.rate_given or len(losses) < 4 or not math.isfinite(losses[-1]):
        return
    taken = fall(losses)
    if taken >= FLAT_SLOWS or _highest(losses) > 1.01 * losses[0]:
        return
    better = _higher(evidence, rate, taken)
    if better is None:
        return
    other, more = better
    yield Finding(
        kind="learning-rate-low",
        severity="stops learning" if taken < FLAT_STOPS else "slows learning",
        what=f"The learning rate of {rate:g} is too low",
        evidence=Number(
            value=rate,
            unit="learning rate",
            better=other,
            text=f"{evidence.steps} steps take {max(taken, 0):.3%} off the loss; at {other:g} they take {more:.1%}",
        ),
        why="So many steps would be needed that training looks like standing still.",
        cure=f"Use a learning rate of about {other:g}",
    )


def _lower(evidence: Evidence, rate: float, losses: Sequence[float]) -> tuple[float, float] | None:
    """A lower rate that ends clearly lower than `losses`, without a spike, and where it ends."""
    bar = (1 - CLEARLY) * (min(losses[0], losses[-1]) if math.isfinite(losses[-1]) else losses[0])
    top = min(rate, HIGHEST)
    for other in (top / 10, top / 100, top / 1000)[: evidence.affordable]:
        tried = evidence.rehearse(other)
        if tried[-1] < bar and _highest(tried) <= SPIKE * losses[0]:
            return other, tried[-1]
    return None


def _higher(evidence: Evidence, rate: float, taken: float) -> tuple[float, float] | None:
    """A higher rate that takes clearly more off the loss, without a spike, and the share that it takes off.

    The lowest one that takes off at least half of what the best does: ten steps on one batch can bear a higher rate
    than a whole training.
    """
    falls: dict[float, float] = {}
    for other in _candidates(rate, evidence.affordable):
        tried = evidence.rehearse(other)
        if _highest(tried) > SPIKE * tried[0]:
            break
        falls[other] = fall(tried)
    best = max(falls.values(), default=0.0)
    if best < max(FALLS, TIMES * taken):
        return None
    return next((other, off) for other, off in falls.items() if off >= best / 2)


def _candidates(rate: float, most: int) -> list[float]:
    """Up to `most` higher rates by powers of ten, those that are usual before others, from low to high."""
    rate = max(rate, LOWEST)
    steps = max(1, math.floor(math.log10(HIGHEST / rate) + 1e-6))
    rates = [float(f"{rate * 10**step:.6g}") for step in range(1, steps + 1)]
    return sorted(sorted(rates, key=lambda other: abs(math.log(other / USUAL)))[:most])


def _highest(losses: Sequence[float]) -> float:
    return max(loss if math.isfinite(loss) else math.inf for loss in losses)
