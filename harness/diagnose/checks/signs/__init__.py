"""Checks of what training left: signs that stand behind causes.

Private to the checks.
"""

from harness.diagnose.checks.check import Check
from harness.diagnose.checks.signs.history import chance_plateau, loss_not_finite
from harness.diagnose.checks.signs.predictions import predictions_collapsed

CHECKS = (Check(predictions_collapsed), Check(loss_not_finite), Check(chance_plateau))
