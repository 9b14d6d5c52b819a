"""From measured times to the latency of any widths.

A station's time is a staircase in its two widths, and another one where onnxruntime takes another way for it. So for
each kind of station and each way, times are first explained by what the work is made of (padded to the block or not,
no part less than nothing), and what that leaves is interpolated between like widths. Which way is taken is learned
from divisibilities. The sum over all stations is corrected by the whole networks' latencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from harness.measure.latency.interpolation import Interpolation
from harness.measure.latency.routes import Routes
from harness.measure.latency.stations import shared_out
from harness.measure.latency.table import Kernel, LatencyTable, Station, Timed

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
FEWEST = 4  # times of a kind of station and way, to say something of their own
LEAST_US = 0.05  # no kernel takes less
MOST_OVERHEAD_US = 5.0


class LatencyModel:
    """Latencies of one architecture at one batch size, as shares of that of full widths."""

    def __init__(self, table: LatencyTable, batch: int) -> None:
        self.stations, self.full = table.stations, np.array(table.full)
        timed = [each for each in table.timed if each.batch == batch]
        self.full_us = float(np.median([each.full_us for each in timed]))
        widths = np.array([*(each.widths for each in timed), table.full])
        times, taken = self._shared_out(timed)
        lengths = [self._lengths(station, widths) for station in self.stations]
        self.routes = Routes(self.stations, lengths, taken)
        self.fitted = dict(self._fit(times, lengths))
        self.known: list[dict[tuple[int, int], float]] = [{} for _ in self.stations]
        self.slope, self.rest = self._correction(timed, widths[:-1])

    def ratios(self, widths: npt.ArrayLike) -> Array:
        """The predicted latency of each row of widths (networks, groups), as a share of that of full widths."""
        return self.slope * self._sums(np.atleast_2d(np.asarray(widths, np.int64))) + self.rest

    def _shared_out(self, timed: Sequence[Timed]) -> tuple[Array, list[list[str]]]:
        """Microseconds (networks, stations) and the ways taken; the last network is that of full widths.

        Each process's times are scaled so that the network of full widths takes as long in all of them.
        """
        overhead = _overhead_us(timed)
        whole = [shared_out(self.stations, _net(each.full_kernels, overhead)) for each in timed]
        parts = [shared_out(self.stations, _net(each.kernels, overhead)) for each in timed]
        full = np.array([times for times, _ in whole])
        sums = full.sum(axis=1)
        scales = np.median(sums) / sums
        pruned = np.array([times for times, _ in parts]) * scales[:, None]
        times = np.concatenate([pruned, np.median(full * scales[:, None], axis=0)[None]])
        return times, [*(ways for _, ways in parts), whole[0][1]]

    def _fit(self, times: Array, lengths: Sequence[tuple[Ints, Ints]]) -> Iterator[tuple[object, Interpolation]]:
        """One interpolation for each kind of station and way, and one for each kind alone, for ways never seen."""
        for kind in dict.fromkeys(station.kind for station in self.stations):
            alike = [number for number, station in enumerate(self.stations) if station.kind == kind]
            reads, makes = (np.concatenate([lengths[number][side] for number in alike]) for side in (0, 1))
            us = times[:, alike].T.ravel()
            ways = np.concatenate([self.routes.of(self.stations[number], *lengths[number]) for number in alike])
            yield (kind, None), Interpolation(reads, makes, us)
            for way in np.unique(ways):
                chosen = ways == way
                if chosen.sum() >= FEWEST:
                    yield (kind, way), Interpolation(reads[chosen], makes[chosen], us[chosen])

    def _correction(self, timed: Sequence[Timed], widths: Ints) -> tuple[float, float]:
        """Slope and rest that best turn sums of stations into measured shares of the whole, in relative terms."""
        from scipy.optimize import nnls

        wanted = np.exp([each.log_ratio for each in timed])
        sums = self._sums(widths)
        slope, rest = nnls(np.stack([sums, np.ones(len(sums))], axis=1) / wanted[:, None], np.ones(len(sums)))[0]
        return float(slope), float(rest)

    def _sums(self, widths: Ints) -> Array:
        """Microseconds of all stations together, for each row."""
        total = np.zeros(len(widths))
        for number, station in enumerate(self.stations):
            reads, makes = self._lengths(station, widths)
            pairs, places = np.unique(np.stack([reads, makes], axis=1), axis=0, return_inverse=True)
            total += self.station_us(number, pairs)[places.ravel()]
        return total

    def station_us(self, number: int, pairs: Ints) -> Array:
        """Microseconds of a station at pairs of widths (pairs, 2); each is worked out once."""
        known, station = self.known[number], self.stations[number]
        new = np.array([pair for pair in pairs.tolist() if tuple(pair) not in known], np.int64).reshape(-1, 2)
        if len(new):
            ways = self.routes.of(station, new[:, 0], new[:, 1])
            us = np.empty(len(new))
            for way in np.unique(ways):
                chosen = ways == way
                fitted = self.fitted.get((station.kind, way)) or self.fitted[station.kind, None]
                us[chosen] = fitted.us(new[chosen, 0], new[chosen, 1])
            known |= {(reads, makes): each for (reads, makes), each in zip(new.tolist(), us.tolist(), strict=True)}
        return np.array([known[reads, makes] for reads, makes in pairs.tolist()])

    @staticmethod
    def _lengths(station: Station, widths: Ints) -> tuple[Ints, Ints]:
        """What a station reads and makes at each row of widths."""
        reads, makes = (
            axis.fixed + sum((count * widths[:, group] for group, count in axis.each), np.zeros(len(widths), np.int64))
            for axis in (station.inputs, station.outputs)
        )
        return reads, makes


def _overhead_us(timed: Sequence[Timed]) -> float:
    """What the profiler adds to each kernel: with it, sums of kernels are best in proportion to the latencies."""
    sums = np.array([sum(kernel.us for kernel in each.kernels) for each in timed])
    counts = np.array([len(each.kernels) for each in timed], np.float64)
    wholes = np.array([each.full_us * np.exp(each.log_ratio) for each in timed])
    scaled = np.stack([sums, counts], axis=1) / wholes[:, None]
    share, less = np.linalg.lstsq(scaled, np.ones(len(timed)), rcond=None)[0]
    return float(np.clip(-less / share, 0, MOST_OVERHEAD_US)) if share > 0 else 0.0


def _net(kernels: Sequence[Kernel], overhead: float) -> list[Kernel]:
    """The same kernels without what the profiler adds."""
    return [kernel._replace(us=max(LEAST_US, kernel.us - overhead)) for kernel in kernels]
