"""Checks of the signal on its way through the layers, the gradient on its way back, and the steps that come of it.

Private to the checks.
"""

from harness.diagnose.checks.check import Check
from harness.diagnose.checks.signal.activations import activations_explode, activations_shrink
from harness.diagnose.checks.signal.dead import dead_units
from harness.diagnose.checks.signal.equal import equal_units
from harness.diagnose.checks.signal.gradients import gradients_explode, gradients_vanish, zero_gradient
from harness.diagnose.checks.signal.held import gradients_held_back
from harness.diagnose.checks.signal.inputs import inputs_unscaled
from harness.diagnose.checks.signal.linear import no_nonlinearity
from harness.diagnose.checks.signal.noise import dropout_high
from harness.diagnose.checks.signal.rate import learning_rate_high, learning_rate_low
from harness.diagnose.checks.signal.saturation import output_saturated
from harness.diagnose.checks.signal.statistics import moving_statistics
from harness.diagnose.checks.signal.within import softmax_within

CHECKS = (
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
)
