"""All checks, in the order in which their findings are worth reading: causes before signs."""

from __future__ import annotations

from harness.diagnose.checks import data, loss, signal, signs
from harness.diagnose.checks.check import Check

CHECKS: tuple[Check, ...] = (*data.CHECKS, *loss.CHECKS, *signal.CHECKS, *signs.CHECKS)
