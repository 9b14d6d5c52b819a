"""Gradients that are clipped, or a loss that is weighed, until hardly any step is left."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.diagnose.checks.signal.gradients import held_below_epsilon
from harness.diagnose.checks.signal.rate import FALLS, FLAT_SLOWS, FLAT_STOPS, TIMES
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.rehearsal import fall
from harness.diagnose.findings import Finding, Number
from harness.diagnose.question.optimizers import clipping


def gradients_held_back(evidence: Evidence) -> Iterator[Finding]:
    """The optimizer's clipping or the weight of the loss leaves steps that lead nowhere.

    Threshold: as for a learning rate that is too low: ten steps take less than 0.5 % off the loss (slows learning) or
    0.1 % (stops it), while without clipping and with a weight of 1 they take off 1 % and five times as much, or the
    weight alone leaves no kernel a gradient of 1e-7.
    """
    losses, weight = evidence.losses, evidence.question.loss.weight
    clips = clipping(evidence.question.optimizer)
    if len(losses) < 4 or not losses[0] > 0 or not (clips or weight < 1) or not math.isfinite(losses[-1]):
        return
    taken = fall(losses)
    if not -FLAT_SLOWS < taken < FLAT_SLOWS:
        return
    freed = evidence.rehearse_freely().losses
    more = fall(freed)
    if not math.isfinite(freed[-1]) or (more < max(FALLS, TIMES * taken) and not held_below_epsilon(evidence)):
        return
    held = [f"{name}={value:g}" for name, value in clips.items()]
    held += [f"a loss weight of {weight:g}"] if weight < 1 else []
    by = " and ".join(held)
    yield Finding(
        kind="gradients-held-back",
        severity="stops learning" if taken < FLAT_STOPS else "slows learning",
        what=f"Hardly any gradient is left by {by}",
        evidence=Number(
            value=max(taken, 0.0),
            unit="of the loss",
            text=f"{evidence.steps} steps take {max(taken, 0):.3%} off the loss, and {more:.1%} without {by}",
        ),
        why="Steps are as long as what is left of the gradient, and no learning rate is made for that.",
        cure="Clip at clipnorm=1.0, or not at all" if clips else "Leave out loss_weights: one output needs none",
    )
