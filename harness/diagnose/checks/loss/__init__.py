"""Checks of what is lowered: what stands between logits and loss, what may change, and what is added to the loss.

Private to the checks.
"""

from harness.diagnose.checks.check import Check
from harness.diagnose.checks.loss.head import clipped_logits, softmax_of_one
from harness.diagnose.checks.loss.logits import from_logits, softmax_hidden
from harness.diagnose.checks.loss.penalties import penalty_drowns_loss, weight_decay_high
from harness.diagnose.checks.loss.trainable import nothing_trainable

CHECKS = (
    Check(softmax_of_one),
    Check(softmax_hidden),
    Check(from_logits),
    Check(clipped_logits),
    Check(nothing_trainable, gate=True),
    Check(penalty_drowns_loss),
    Check(weight_decay_high),
)
