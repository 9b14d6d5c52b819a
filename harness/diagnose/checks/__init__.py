"""The checks, in the order in which their findings are worth reading: causes before signs.

Each is a function from Evidence to findings, whose docstring states its threshold and where that comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harness.diagnose.checks.data.labels import class_count, label_encoding, labels_unreadable
from harness.diagnose.checks.data.numbers import (
    class_imbalance,
    data_not_finite,
    images_equal,
    labels_contradict,
    labels_for_each_image,
    one_class,
    weights_not_finite,
)
from harness.diagnose.checks.data.rows import rows_misordered
from harness.diagnose.checks.data.shapes import feature_map_eaten, index_out_of_range, input_shape
from harness.diagnose.checks.loss.head import clipped_logits, softmax_of_one
from harness.diagnose.checks.loss.logits import from_logits, softmax_hidden
from harness.diagnose.checks.loss.penalties import penalty_drowns_loss, weight_decay_high
from harness.diagnose.checks.signal.activations import activations_explode, activations_shrink
from harness.diagnose.checks.signal.dead import dead_units
from harness.diagnose.checks.signal.equal import equal_units
from harness.diagnose.checks.signal.gradients import (
    gradients_explode,
    gradients_vanish,
    nothing_trainable,
    zero_gradient,
)
from harness.diagnose.checks.signal.held import gradients_held_back
from harness.diagnose.checks.signal.inputs import inputs_unscaled
from harness.diagnose.checks.signal.linear import no_nonlinearity
from harness.diagnose.checks.signal.noise import dropout_high
from harness.diagnose.checks.signal.rate import learning_rate_high, learning_rate_low
from harness.diagnose.checks.signal.saturation import output_saturated
from harness.diagnose.checks.signal.statistics import moving_statistics
from harness.diagnose.checks.signal.within import softmax_within
from harness.diagnose.checks.signs.history import chance_plateau, loss_not_finite
from harness.diagnose.checks.signs.predictions import predictions_collapsed
from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding


@dataclass(frozen=True)
class Check:
    """One check. Where a `gate` finds that learning stops, those after it can't run: the network doesn't.

    What a check `of_beginnings` sees keeps a network from learning, and no longer matters to one that has learned.
    """

    find: Callable[[Evidence], Iterator[Finding]]
    gate: bool = False
    of_beginnings: bool = False


CHECKS: tuple[Check, ...] = (
    Check(labels_for_each_image, gate=True),
    Check(data_not_finite, gate=True),
    Check(weights_not_finite, gate=True),
    Check(input_shape, gate=True),
    Check(feature_map_eaten, gate=True),
    Check(index_out_of_range, gate=True),
    Check(labels_unreadable, gate=True),
    Check(class_count, gate=True),
    Check(label_encoding),
    Check(one_class),
    Check(images_equal),
    Check(labels_contradict),
    Check(class_imbalance),
    Check(rows_misordered),
    Check(softmax_of_one),
    Check(softmax_hidden),
    Check(from_logits),
    Check(clipped_logits),
    Check(nothing_trainable, gate=True),
    Check(penalty_drowns_loss),
    Check(weight_decay_high),
    Check(inputs_unscaled),
    Check(moving_statistics),
    Check(equal_units),
    Check(softmax_within),
    Check(dropout_high),
    Check(activations_explode, of_beginnings=True),
    Check(dead_units, of_beginnings=True),
    Check(activations_shrink, of_beginnings=True),
    Check(gradients_vanish, of_beginnings=True),
    Check(gradients_held_back, of_beginnings=True),
    Check(learning_rate_high, of_beginnings=True),
    Check(learning_rate_low, of_beginnings=True),
    Check(no_nonlinearity),
    Check(output_saturated),
    Check(gradients_explode, of_beginnings=True),
    Check(zero_gradient, of_beginnings=True),
    Check(predictions_collapsed),
    Check(loss_not_finite),
    Check(chance_plateau),
)

_LOSS_PATH = frozenset({"softmax-hidden", "from-logits", "clipped-logits", "softmax-of-one"})
_PENALTIES = frozenset({"penalty-drowns-loss", "weight-decay-high"})
_DATA = frozenset({"one-class", "images-equal"})
_NO_SIGNAL = frozenset({"inputs-unscaled", "images-equal", "equal-units", "softmax-within", "dropout-high"})

# A kind, and those that explain it: a sign is left out where its cause was found and is as bad, and stands after it
# where the sign is worse.
SIGNS: Mapping[str, frozenset[str]] = {
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
