"""What the checks measure, as one number each: the knobs of `diagnose_series` are turned for these."""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.diagnose.checks.loss.penalties import outpaces, outweighs
from harness.diagnose.checks.signal.dead import most_dead
from harness.diagnose.checks.signal.within import is_hidden_softmax
from harness.diagnose.evidence import rehearsal
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.evidence.lost import lost_share
from harness.diagnose.evidence.scaling import entering, first_layer

Measure = Callable[[Evidence], float | None]


def lost(evidence: Evidence) -> float | None:
    """The share of the examples whose gradient is lost after the rehearsal."""
    return lost_share(evidence, evidence.after)


def input_rms(evidence: Evidence) -> float:
    """The root mean square of what goes into the network."""
    return evidence.before.forward.input_rms


def dead(evidence: Evidence) -> float:
    """The largest share of dead units in any ReLU."""
    return max(most_dead(evidence)[1:])


def spike(evidence: Evidence) -> float:
    """The highest loss of the rehearsal, in units of the first."""
    highest = max(loss if math.isfinite(loss) else math.inf for loss in evidence.losses)
    return highest / evidence.losses[0]


def fall(evidence: Evidence) -> float:
    """The share of the loss that the rehearsal takes off."""
    return rehearsal.fall(evidence.losses)


def surprise(evidence: Evidence) -> float:
    """The first loss, in units of that of a network that knows nothing."""
    return evidence.before.backward.loss / math.log(10)


def lost_classes(evidence: Evidence) -> float:
    """How many classes' logits are zero on every example after the rehearsal."""
    logits = evidence.after.forward.logits
    return float((logits <= 0).all(axis=0).sum())


def outweighed(evidence: Evidence) -> float:
    """The gradient of the penalties, in units of the loss's; 0 where either is none."""
    return outweighs(evidence) or 0.0


def outpaced(evidence: Evidence) -> float:
    """The way of the decay, in units of the loss's; 0 where it is too short to measure."""
    return outpaces(evidence) or 0.0


def alike(evidence: Evidence) -> float:
    """How much of what enters the first layer differs between images."""
    network = evidence.network
    first = first_layer(network)
    assert first is not None
    return entering(network, first, evidence.batch.images).differs


def softmaxes(evidence: Evidence) -> float:
    """How many hidden layers have a Softmax."""
    return float(sum(is_hidden_softmax(evidence, call) for call in evidence.network.calls))


def left(evidence: Evidence) -> float:
    """The loss after the rehearsal, in units of that of a network that knows nothing."""
    return evidence.losses[-1] / math.log(10)


def inverse(measure: Callable[[Evidence], float]) -> Callable[[Evidence], float]:
    """A measure that rises where the other falls."""
    return lambda evidence: 1 / measure(evidence)
