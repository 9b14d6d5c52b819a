"""What a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
