"""How fast the designs are: all beside the original, in one paired run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from bench.peers.ours import BATCHES, MEASURED
from harness.base.progress import Progress
from harness.measure.comparison import Comparison
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure

FASTER_ENOUGH = 0.01  # by so much less than the other's latency ours is asked to have


class Speeds:
    """A measurement of designs, by name, against the original."""

    def __init__(self, names: list[str], measured: Measurement) -> None:
        self._names, self.measured = names, measured

    @classmethod
    def of(cls, original: Path, designs: Mapping[str, Path], seconds: float, progress: Progress) -> Speeds:
        """Measure one file of each design."""
        spec = MEASURED.model_copy(update={"budget_s": seconds})
        return cls(list(designs), measure([original, *designs.values()], spec, progress=progress))

    def speedup(self, design: str, batch: int) -> Comparison:
        """Of a design over the original."""
        return self.measured.compare(0, 1 + self._names.index(design), batch)

    def against(self, theirs: str, ours: str, batch: int) -> Comparison:
        """Of one design over another."""
        return self.measured.compare(1 + self._names.index(theirs), 1 + self._names.index(ours), batch)

    def limits(self, design: str) -> list[float]:
        """Its shares of the original's latency, a little less, by batch size."""
        return [(1 - FASTER_ENOUGH) / _known(self.speedup(design, batch)) for batch in BATCHES]

    def as_fast(self, theirs: str, ours: str) -> bool:
        """Whether ours is measured to be a little faster, at every batch size."""
        return all(_known(self.against(theirs, ours, batch)) >= 1 + FASTER_ENOUGH for batch in BATCHES)

    def corrected(self, theirs: str, predicted: Mapping[str, Sequence[float]]) -> list[float]:
        """Limits for the prediction of some designs' speed-ups, by how it was wrong on average."""
        wrong = [
            geometric_mean(_known(self.speedup(name, batch)) / each[place] for name, each in predicted.items())
            for place, batch in enumerate(BATCHES)
        ]
        return [limit * each for limit, each in zip(self.limits(theirs), wrong, strict=True)]

    def told(self) -> dict[str, Any]:
        """Speed-ups with their 95 % intervals, by design and batch size."""
        return {
            name: {
                str(batch): [found.speedup, found.ci_low, found.ci_high]
                for batch in BATCHES
                for found in [self.speedup(name, batch)]
            }
            for name in self._names
        }


def _known(found: Comparison) -> float:
    if found.speedup is None:
        raise SystemExit("a network could not be measured: the machine is too busy; run it again when it is idle")
    return found.speedup
