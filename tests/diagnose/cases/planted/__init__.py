"""Faults planted in the four networks and others: each has one cause, which must be the first finding.

A file for each folder of the checks.
"""

from __future__ import annotations

from tests.diagnose.cases.case import Case
from tests.diagnose.cases.planted import data, loss, signal, signs

PLANTED: tuple[Case, ...] = (*data.CASES, *loss.CASES, *signal.CASES, *signs.CASES)


def named(*names: str) -> list[Case]:
    """Some of the faults, by name."""
    found = [case for case in PLANTED if case.name in names]
    assert len(found) == len(names)
    return found
