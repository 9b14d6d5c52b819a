"""A Softmax as the activation of a hidden layer."""

from __future__ import annotations

from collections.abc import Iterator

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.calls import Call
from harness.diagnose.network.layers import is_linear


def softmax_within(evidence: Evidence) -> Iterator[Finding]:
    """What a Softmax makes goes into a layer with weights, and nowhere else.

    Threshold: that it does; attention and gates multiply something by it instead. On digits one such layer left 67
    or 35 % after three epochs, two and four of them chance (bench/results/diagnose-thresholds.md): it stops learning
    from two on.
    """
    calls = [call for call in evidence.network.calls if is_hidden_softmax(evidence, call)]
    if not calls or evidence.has_learned:
        return
    first, width = calls[0], calls[0].shape[-1]
    names = " and ".join(dict.fromkeys(call.name for call in calls))
    yield Finding(
        kind="softmax-within",
        severity="stops learning" if len(calls) > 1 else "slows learning",
        what=f"{names} {'have' if len(calls) > 1 else 'has'} a Softmax as a hidden activation",
        where=first.name,
        evidence=Number(
            value=len(calls),
            unit="hidden layers",
            text=f"the {width} outputs of {first.name} sum to 1, and differ by "
            f"{_spread(evidence, first):.2g} where those before the Softmax differ by "
            f"{_spread(evidence, evidence.network.producer(first.inputs[0])):.2g}",
        ),
        why="A Softmax shares out 1 among its outputs: all are small, one can only grow where others shrink, and the "
        "gradient fades by as much with each of them.",
        cure=f"Use activation='relu' in {names}; a Softmax belongs after the last layer alone",
    )


def is_hidden_softmax(evidence: Evidence, call: Call) -> bool:
    """Whether a call is a Softmax over channels whose output goes through one path into a layer with weights."""
    if call.activation != "softmax" or call.name == evidence.head.activation_layer or call.shape[-1] < 2:
        return False
    for following in evidence.network.following(call):
        if len(following.inputs) != 1:
            return False
        if following.has_weights:
            return True
        pools = "Pooling" in type(following.layer).__name__
        if not (pools or following.activation or is_linear(following.layer, following.activation)):
            return False
    return False


def _spread(evidence: Evidence, call: Call | None) -> float:
    forward = evidence.before.forward
    return forward.input_rms if call is None else forward.activities[call].spread
