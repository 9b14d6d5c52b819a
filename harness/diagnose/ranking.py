"""The order of findings: worst first, but a sign behind its cause, or left out where that is as bad."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.diagnose.findings import Certainty, Finding, Severity

_SEVERITIES: tuple[Severity, ...] = ("stops learning", "slows learning", "note")
_CERTAINTIES: tuple[Certainty, ...] = ("certain", "likely")
_LOSS_PATH = frozenset({"softmax-hidden", "from-logits", "clipped-logits", "softmax-of-one"})
_PENALTIES = frozenset({"penalty-drowns-loss", "weight-decay-high"})
_DATA = frozenset({"one-class", "images-equal"})
_NO_SIGNAL = frozenset({"inputs-unscaled", "images-equal", "equal-units", "softmax-within", "dropout-high"})

# A kind, and those that explain it: a sign is left out where its cause was found and is as bad, and stands after it
# where the sign is worse.
CAUSES: Mapping[str, frozenset[str]] = {
    "output-saturated": frozenset({"inputs-unscaled", "activations-explode", "softmax-hidden", "dropout-high"}),
    "gradients-explode": frozenset({"inputs-unscaled", "activations-explode", "softmax-hidden"}),
    "activations-explode": frozenset({"inputs-unscaled", "equal-units", "dropout-high"}),
    "activations-shrink": frozenset({"dead-units"}) | _NO_SIGNAL | _PENALTIES,
    "predictions-collapsed": frozenset({"dead-units", "activations-shrink", "gradients-vanish", "moving-statistics"})
    | _LOSS_PATH
    | _DATA
    | _NO_SIGNAL
    | _PENALTIES,
    "gradients-vanish": frozenset({"activations-shrink", "activations-explode", "dead-units", "gradients-held-back"})
    | _LOSS_PATH
    | _NO_SIGNAL
    | _PENALTIES,
    "dead-units": frozenset({"learning-rate-high", "clipped-logits"}) | _NO_SIGNAL | _PENALTIES,
    "zero-gradient": frozenset({"dead-units", "learning-rate-high", "activations-shrink"})
    | _LOSS_PATH
    | _DATA
    | _NO_SIGNAL
    | _PENALTIES,
    "learning-rate-low": frozenset(
        {"activations-shrink", "gradients-vanish", "gradients-held-back", "dead-units", "zero-gradient"}
    )
    | _LOSS_PATH
    | _NO_SIGNAL
    | _PENALTIES,
    "softmax-hidden": frozenset({"softmax-of-one"}),
    "learning-rate-high": frozenset({"softmax-hidden", "activations-explode", "dropout-high"}),
    "inputs-unscaled": frozenset({"images-equal"}),
    "labels-contradict": frozenset({"images-equal", "one-class"}),
}
# What a training that ended at chance may have come from: whatever else slows or stops it.
OUTCOMES = frozenset({"chance-plateau", "loss-not-finite", "predictions-collapsed"})


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, but no sign before its cause, and what a training came to behind whatever else was found."""
    found = in_order(without_signs(findings, CAUSES))
    causes = frozenset(finding.kind for finding in found) - OUTCOMES
    return after_causes(found, {**CAUSES, **dict.fromkeys(OUTCOMES, causes)})


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By severity, then certainty; what remains equal keeps its order, in which causes come before signs.

    A sign that is worse than its cause stands before it: `after_causes` mends that.
    """
    return tuple(sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), _CERTAINTIES.index(f.certainty))))


def without_signs(findings: Iterable[Finding], causes: Mapping[str, frozenset[str]]) -> tuple[Finding, ...]:
    """Leave out each finding that another one explains. `causes` maps a kind to the kinds that explain it.

    A sign stays when it is worse than every cause found: then there is more to it.
    """
    found = tuple(findings)
    kept = []
    for finding in found:
        rank = _SEVERITIES.index(finding.severity)
        if not any(_SEVERITIES.index(other.severity) <= rank for other in _explaining(finding, found, causes)):
            kept.append(finding)
    return tuple(kept)


def after_causes(findings: Iterable[Finding], causes: Mapping[str, frozenset[str]]) -> tuple[Finding, ...]:
    """The findings with each sign behind the last of its causes, though the sign be worse; all else as it stands."""
    order = list(findings)
    for sign in tuple(order):
        behind = [order.index(other) for other in _explaining(sign, order, causes)]
        if behind and max(behind) > order.index(sign):
            order.insert(max(behind), order.pop(order.index(sign)))
    return tuple(order)


def _explaining(finding: Finding, found: Iterable[Finding], causes: Mapping[str, frozenset[str]]) -> list[Finding]:
    kinds = causes.get(finding.kind, frozenset())
    return [other for other in found if other.kind in kinds and other.severity != "note"]
