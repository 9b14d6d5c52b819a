"""Penalties on the weights that outweigh the loss of the predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.gradients import norm
from harness.diagnose.evidence.history import ended_at_chance
from harness.diagnose.findings import Finding, Number, Severity
from harness.diagnose.network.layers import kernel_shape

# Six networks on digits, eight epochs, L1 and L2 of four to six strengths each: with a penalty's gradient of up to 1.1
# times that of the loss they lost at most 9 points, from 2 to 6 times 10 to 80, and from 10 times on 9 of 10 learned
# nothing (the tenth was at 67 %). A series is in bench/results/diagnose-thresholds.md.
PENALTY_SLOWS = 2.0
PENALTY_STOPS = 10.0
# Decay is compared by the steps that both make: at 0.3 of those of the loss 4 points were lost, at 0.5 to 1 8 to 13, at
# twice some 50, and from 3 times on nothing was learned.
DECAY_SLOWS = 0.5
DECAY_STOPS = 3.0
HARMLESS = 0.1  # of the gradient or the steps, to which the cure brings them
SHRUNK = 0.5  # of the norm that kernels begin with


def penalty_drowns_loss(evidence: Evidence) -> Iterator[Finding]:
    """Regularizers or `add_loss` pull on the weights harder than the loss does.

    Threshold: with fresh weights the norm of the penalties' gradient is 2 times (slows learning) or 10 times (stops
    it) that of the loss; 2 times stops it too where a training ended at chance. A network that knows most is left
    alone.
    """
    fresh = evidence.fresh
    if evidence.knows_most or not fresh.penalized:
        return
    ratio = outweighs(fresh)
    severity = _severity(evidence, ratio, PENALTY_SLOWS, PENALTY_STOPS)
    if ratio is None or severity is None:
        return
    loss, penalty = fresh.question.loss.weight * fresh.before.backward.loss, fresh.before.backward.penalty
    by_layer = sorted(fresh.before.forward.penalties.items(), key=lambda item: -item[1])
    layers = _named([name for name, added in by_layer if added >= 0.01 * penalty])
    factor = harmless_factor(ratio)
    weighed = "" if fresh.question.loss.weight == 1 else f" (weighed by {fresh.question.loss.weight:g})"
    yield Finding(
        kind="penalty-drowns-loss",
        severity=severity,
        what="The penalties outweigh the loss",
        where=by_layer[0][0],
        evidence=Number(
            value=ratio,
            unit="times the loss's gradient",
            text=f"{'with fresh weights ' if evidence.trained else ''}the penalty is {penalty:.3g} of a loss of "
            f"{loss + penalty:.3g}, and pulls {ratio:.2g} times as hard on the weights as the loss of the "
            f"predictions{weighed}, at {layers}" + _shrunk(evidence) + _history(evidence),
        ),
        why="The optimizer lowers the sum of both: it shrinks the weights to zero, and learns nothing from the images.",
        cure=_cure(fresh, factor),
    )


def weight_decay_high(evidence: Evidence) -> Iterator[Finding]:
    """The optimizer's weight decay takes more off the weights in a step than the loss puts on.

    Threshold: with fresh weights decay moves them half as far in the rehearsal as the loss alone does (slows learning)
    or 3 times as far (stops it); half as far stops it too where a training ended at chance.
    """
    fresh = evidence.fresh
    decay = getattr(fresh.question.optimizer, "weight_decay", None)
    if evidence.knows_most or not decay or not fresh.steps:
        return
    ratio = outpaces(fresh)
    severity = _severity(evidence, ratio, DECAY_SLOWS, DECAY_STOPS)
    if ratio is None or severity is None:
        return
    better = float(f"{decay * harmless_factor(ratio):.1g}")
    yield Finding(
        kind="weight-decay-high",
        severity=severity,
        what=f"A weight decay of {decay:g} is too high",
        evidence=Number(
            value=float(decay),
            unit="weight decay",
            better=better,
            text=f"{'with fresh weights ' if evidence.trained else ''}it takes {ratio:.2g} times as much off the "
            f"weights in {fresh.steps} steps as the loss moves them" + _shrunk(evidence) + _history(evidence),
        ),
        why="Each step takes a share of every weight away, and what the loss puts on is gone before it adds up.",
        cure=f"Use weight_decay={better:g}",
    )


def outweighs(evidence: Evidence) -> float | None:
    """The norm of the penalties' gradient, as a multiple of the loss's; None where either is none."""
    backward = evidence.before.backward
    loss, penalty = norm(backward.weights), norm(backward.penalties)
    return penalty / loss if loss > 0 and penalty > 0 and math.isfinite(penalty / loss) else None


def outpaces(evidence: Evidence) -> float | None:
    """How far weight decay moves the weights in the rehearsal, as a multiple of how far the loss does."""
    question = evidence.question
    each = question.learning_rate * (question.optimizer.weight_decay or 0.0)
    decayed = evidence.steps * each * norm(evidence.trainable_weights)
    if not decayed or decayed < DECAY_SLOWS / (1 + DECAY_SLOWS) * evidence.rehearsal.moved:
        return None
    moved = evidence.rehearse_without_decay().moved
    return decayed / moved if moved > 0 and math.isfinite(moved) else None


def harmless_factor(ratio: float) -> float:
    """A power of ten by which what pulls that hard no longer matters."""
    return float(f"{10 ** math.floor(math.log10(HARMLESS / ratio)):.0e}")


def strengths(evidence: Evidence) -> set[tuple[str, float]]:
    """What the weights are penalized with: the names and strengths of Keras's own regularizers, `other` for others."""
    found = set()
    for weight in evidence.network.model.trainable_variables:
        regularizer = weight.regularizer
        if isinstance(regularizer, keras.regularizers.L1 | keras.regularizers.L2 | keras.regularizers.L1L2):
            of = {name: float(getattr(regularizer, name, 0.0)) for name in ("l1", "l2")}
            found |= {(name, float(f"{strength:.6g}")) for name, strength in of.items() if strength}
        elif regularizer is not None:
            found.add(("other", 0.0))
    return found


def _severity(evidence: Evidence, ratio: float | None, slows: float, stops: float) -> Severity | None:
    if ratio is None or ratio < slows:
        return None
    if evidence.has_learned:
        return "slows learning"
    return "stops learning" if ratio >= stops or evidence.trained or ended_at_chance(evidence) else "slows learning"


def _shrunk(evidence: Evidence) -> str:
    """What training has left of the kernels, where that is little."""
    if not evidence.trained:
        return ""
    norms = [norm(_kernels(part)) for part in (evidence, evidence.fresh)]
    left = norms[0] / norms[1] if norms[1] else 1.0
    return f"; training has shrunk the kernels to {left:.2g} of that" if left < SHRUNK else ""


def _history(evidence: Evidence) -> str:
    """How the loss fell while nothing was learned."""
    losses = [loss for loss in evidence.question.history.get("loss", ()) if math.isfinite(loss)]
    if len(losses) < 2 or losses[0] <= losses[-1] or ended_at_chance(evidence) is None:
        return ""
    return f"; in the history the loss falls from {losses[0]:.3g} to {losses[-1]:.3g}, all of it penalty"


def _cure(evidence: Evidence, factor: float) -> str:
    if evidence.question.loss.weight < 1:
        return f"Weigh the loss more than {evidence.question.loss.weight:g} in loss_weights, or the penalties less"
    found = strengths(evidence)
    if len(found) == 1 and (only := next(iter(found)))[0] != "other":
        name, strength = only
        return f"Lower {name} from {strength:g} to about {strength * factor:.1g}"
    return f"Multiply the penalties by about {factor:g}: the strengths of regularizers, or what add_loss adds"


def _kernels(evidence: Evidence) -> list[NDArray[np.floating]]:
    layers = {id(call.layer): call.layer for call in evidence.network.calls if kernel_shape(call.layer)}.values()
    return [
        value
        for layer in layers
        for weight, value in evidence.network.of_layer(layer, evidence.trainable_weights)
        if len(weight.shape) >= 2
    ]


def _named(layers: Sequence[str]) -> str:
    """Up to three names, and how many more there are."""
    shown, more = list(layers[:3]), len(layers) - 3
    if more > 0:
        return f"{', '.join(shown)} and {more} more layer{'s' * (more > 1)}"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
