"""Which way onnxruntime takes for a station at given widths, learned from the ways that it took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.measure.latency.table import Station

Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.str_]

STEPS = (2, 4, 8, 16, 32)
DEPTH = 6


class Routes:
    """The rule behind the ways that were seen: they depend on what widths are multiples of, and on how small they are.

    `taken` holds, for each network, the way of each station; `lengths` what each station reads and makes there.
    """

    def __init__(
        self, stations: Sequence[Station], lengths: Sequence[tuple[Ints, Ints]], taken: Sequence[Sequence[str]]
    ) -> None:
        from sklearn.tree import DecisionTreeClassifier

        self.operators = sorted({station.operator for station in stations})
        rows = [self._features(station, *each) for station, each in zip(stations, lengths, strict=True)]
        self.tree = DecisionTreeClassifier(max_depth=DEPTH, random_state=0)
        self.tree.fit(np.concatenate(rows), np.array(taken).T.ravel())

    def of(self, station: Station, reads: Ints, makes: Ints) -> Labels:
        """The way taken at each pair of widths (n,)."""
        found: Labels = self.tree.predict(self._features(station, reads, makes))
        return found

    def _features(self, station: Station, reads: Ints, makes: Ints) -> npt.NDArray[np.float64]:
        columns = [np.full(len(reads), self.operators.index(station.operator)), np.full(len(reads), station.apart)]
        for width in (reads, makes):
            columns += [width < step for step in STEPS]
            columns += [width % step == 0 for step in STEPS]
        return np.stack(columns, axis=1).astype(np.float64)
