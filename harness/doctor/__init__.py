"""What this machine can run, and what to do about what it can't: one file a subject, each a few `Check`s.

From outside: `examine`, the records of `check`, and each subject's own function.
"""

from harness.doctor.check import Check, Checkup, State
from harness.doctor.examining import examine

__all__ = ["Check", "Checkup", "State", "examine"]
