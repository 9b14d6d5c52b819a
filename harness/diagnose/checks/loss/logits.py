"""What stands between the logits and the loss.

Keras on TensorFlow takes the logits themselves for its cross-entropy where a Softmax (or sigmoid) is the network's
last operation. Where anything follows it, and always on JAX, the loss comes from probabilities clipped to 1e-7: an
output that is sure and wrong has no gradient then, and the network can't leave that state.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.lost import deviation, lost_share
from harness.diagnose.findings import Finding, Number, Severity

# Measured (docs/diagnose.md): four networks with at least half of all examples lost after the rehearsal were at 10 to
# 58 % after three epochs; with less than a fifth, at 84 to 93 %.
STOPS_FROM = 0.5
SLOWS_FROM = 0.1


def softmax_hidden(evidence: Evidence) -> Iterator[Finding]:
    """Gradients are lost between logits and loss because Keras can't see the logits.

    Threshold: a `lost_share` after the rehearsal of at least 0.5 stops learning, since most examples are never learned
    from; one of 0.1 before or after it slows learning (measured: docs/diagnose.md). Below that, an operation after the
    Softmax is worth a note.
    """
    head, loss = evidence.head, evidence.question.loss
    if not loss.is_crossentropy or loss.from_logits or head.activation is None:
        return
    on_jax = keras.backend.backend() != "tensorflow"
    if not head.hidden_by and not on_jax:
        return
    before, after = lost_share(evidence, evidence.before), lost_share(evidence, evidence.after)
    lost = (after if evidence.steps else before) or 0.0
    worst = max(lost, before or 0.0)
    severity: Severity = "stops learning" if lost >= STOPS_FROM else "slows learning" if worst >= SLOWS_FROM else "note"
    if severity == "note" and not head.hidden_by:
        return
    name = head.activation.capitalize() if head.activation == "softmax" else head.activation
    between = " and ".join(call.name for call in head.hidden_by)
    where = head.hidden_by[-1].name if head.hidden_by else head.activation_layer
    yield Finding(
        kind="softmax-hidden",
        severity=severity,
        what=f"{between} stands between the {name} and the loss"
        if between
        else f"Keras computes the loss from the {name}'s clipped probabilities on {keras.backend.backend()}",
        where=where,
        evidence=Number(value=worst, unit="of the examples", text=_lost_text(before, after, evidence.steps)),
        why=f"Keras takes the logits for its cross-entropy only where it can see them (on TensorFlow, where the {name} "
        "comes last). Else it clips the probabilities, and an output that is sure and wrong has no gradient.",
        cure=_cure(name, bool(between) and not on_jax),
    )


def from_logits(evidence: Evidence) -> Iterator[Finding]:
    """The loss expects logits and gets probabilities, or the other way round.

    Threshold: `from_logits` against the last activation. With a Softmax and `from_logits=True` the gradients decide:
    Keras on TensorFlow notices, and they differ from those of the logits by less than 5 %; then it is a note.
    """
    loss, head = evidence.question.loss, evidence.head
    if not loss.is_crossentropy or loss.from_logits != (head.activation is not None):
        return
    if loss.from_logits:
        yield from _twice(evidence)
    elif not _are_probabilities(evidence):
        yield from _not_at_all(evidence)


def _twice(evidence: Evidence) -> Iterator[Finding]:
    head = evidence.head
    away = deviation(evidence, evidence.before)
    harmless = away is not None and away < 0.05
    width = evidence.output_shape[-1]
    most = np.e / (np.e + max(width, 2) - 1)
    yield Finding(
        kind="from-logits",
        severity="note" if harmless else "slows learning",
        what=f"The loss has from_logits=True, and {head.activation_layer} already makes probabilities",
        where=head.activation_layer,
        evidence=Number(
            value=away,
            unit="of the gradient",
            text=f"gradients differ from those of the logits by {away or 0:.0%}"
            + ("" if harmless else f"; the largest probability that the loss can ever see is {most:.2f}"),
        ),
        why="Keras noticed, and uses the logits."
        if harmless
        else "The loss applies a second Softmax to numbers "
        "between 0 and 1, so that no answer can become sure, and gradients are small.",
        cure="Leave out from_logits, or the activation",
    )


def _not_at_all(evidence: Evidence) -> Iterator[Finding]:
    lost = lost_share(evidence, evidence.before)
    outputs = evidence.before.forward.outputs
    outside = float(((outputs < 0) | (outputs > 1)).mean())
    layer = evidence.head.logits_layer
    yield Finding(
        kind="from-logits",
        severity="stops learning",
        what=f"{layer} gives raw numbers, and the loss takes them for probabilities",
        where=layer,
        evidence=Number(
            value=outside,
            unit="of the outputs",
            text=f"{outside:.0%} of the outputs are below 0 or above 1"
            + ("" if lost is None else f"; {lost:.0%} of the examples are wrong and have no gradient"),
        ),
        why="Without a Softmax or sigmoid the loss clips them to between 0 and 1, and what is clipped has no gradient.",
        cure="Set from_logits=True in the loss, or end the network with a Softmax (a sigmoid for one output)",
    )


def _are_probabilities(evidence: Evidence) -> bool:
    """Whether outputs look like probabilities, made by something that is no known activation."""
    outputs = evidence.before.forward.outputs
    sums = outputs.sum(axis=-1) if outputs.shape[-1] > 1 else np.ones(1)
    return bool((outputs >= 0).all() and (outputs <= 1).all() and np.allclose(sums, 1, atol=1e-3))


def _lost_text(before: float | None, after: float | None, steps: int) -> str:
    text = f"{before or 0:.0%} of the examples are wrong and have no gradient"
    return f"{text}; after {steps} steps {after or 0:.0%}" if steps else text


def _cure(name: str, can_move: bool) -> str:
    if can_move:
        return f"Put the {name} last (whatever follows it can come before it), or leave it out and set from_logits=True"
    return f"Leave out the {name} and set from_logits=True in the loss"
