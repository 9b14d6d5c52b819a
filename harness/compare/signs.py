"""Which of very many pairs of variants differ clearly: in accuracy, on the same test examples, and in speed.

Pair by pair it is what the intervals and verdicts of two variants say; here all pairs are judged in arrays, a block
after the other, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness import stats
from harness.compare.answers import Variant
from harness.compare.frontier import Numbers, Signs
from harness.compare.pooling import hits_of
from harness.compare.speed import speed_sign
from harness.compare.timings import Timings

BLOCK_BYTES = 1 << 25

Floats = npt.NDArray[np.float64]


class Answered:
    """The right and wrong answers of variants on the same examples, of which many pairs are compared at once."""

    def __init__(self, corrects: Sequence[Sequence[str]], networks: Sequence[str]) -> None:
        """Of each variant one string of `1` and `0` a seed, and the network that it is of."""
        self.seeds = np.array([len(own) for own in corrects])
        self.networks = np.unique(networks, return_inverse=True)[1]
        hits = [hits_of(own) for own in corrects]
        first = np.array([own[0] for own in hits])
        self.examples, self.right, self.bits = first.shape[1], first.sum(axis=1), _words(first)
        self.shares = np.zeros((len(hits), int(self.seeds.max())))
        self.counts: npt.NDArray[np.int32] | None = None
        if self.shares.shape[1] > 1:
            self.counts = np.array([own.sum(axis=0, dtype=np.int32) for own in hits])
            for own, shares in zip(hits, self.shares, strict=True):
                shares[: len(own)] = own.mean(axis=1)

    def signs(self, ours: Numbers, theirs: Numbers) -> Signs:
        """For pairs by their numbers: +1 where the first is clearly more accurate, -1 where less, 0 where unclear."""
        found = np.zeros(len(ours), np.int8)
        single = (self.seeds[ours] == 1) & (self.seeds[theirs] == 1)
        for chosen, bounds, pair_bytes in (
            (single, self._of_one_seed, 3 * self.bits[0].nbytes),
            (~single, self._of_several, 5 * 8 * self.examples),
        ):
            pairs, size = np.flatnonzero(chosen), max(1, BLOCK_BYTES // pair_bytes)
            for start in range(0, len(pairs), size):
                block = pairs[start : start + size]
                low, high = bounds(ours[block], theirs[block])
                found[block] = (low > 0).astype(np.int8) - (high < 0).astype(np.int8)
        return found

    def _of_one_seed(self, ours: Numbers, theirs: Numbers) -> tuple[Floats, Floats]:
        """The bounds of `paired_counts`."""
        both = np.bitwise_count(self.bits[ours] & self.bits[theirs]).sum(axis=1, dtype=np.int64)
        return stats.paired_bounds(both, (self.right[theirs] - both, self.right[ours] - both), self.examples)

    def _of_several(self, ours: Numbers, theirs: Numbers) -> tuple[Floats, Floats]:
        """The bounds of `tested_difference`, which says what they are."""
        from scipy import special

        assert self.counts is not None
        by_example = self.counts[ours] / self.seeds[ours, None] - self.counts[theirs] / self.seeds[theirs, None]
        total, mean = self.examples + 2, by_example.mean(axis=1)
        squares = np.einsum("pe,pe->p", by_example, by_example)
        in_examples = np.maximum(0.0, (squares + 1) / total - mean**2) / total
        in_seeds, seed_freedom = self._among_seeds(ours, theirs)
        parts = in_examples**2 / max(1, self.examples - 1) + in_seeds**2 / np.maximum(1, seed_freedom)
        varies, level = in_seeds > 0, (1 + stats.CONFIDENCE) / 2
        freedom = (in_examples + in_seeds) ** 2 / np.where(varies, parts, 1.0)
        quantile = np.where(varies, special.stdtrit(np.where(varies, freedom, 1.0), level), special.ndtri(level))
        half = quantile * np.sqrt(in_examples + in_seeds)
        return mean - half, mean + half

    def _among_seeds(self, ours: Numbers, theirs: Numbers) -> tuple[Floats, Numbers]:
        """The variance that the trainings bring, and its degrees of freedom, seed by seed where they are the same."""
        first, second = self.seeds[ours], self.seeds[theirs]
        paired = (self.networks[ours] == self.networks[theirs]) & (first == second)
        together = _variance(self.shares[ours] - self.shares[theirs], first)
        apart = _variance(self.shares[ours], first) + _variance(self.shares[theirs], second)
        return np.where(paired, together, apart), np.where(paired, first - 1, first + second - 2)


def _variance(values: Floats, seeds: Numbers) -> Floats:
    """Of the mean of the first so many values of each row; 0 of a single one."""
    known = np.arange(values.shape[1]) < seeds[:, None]
    mean = np.where(known, values, 0.0).sum(axis=1) / seeds
    squares = np.where(known, values - mean[:, None], 0.0) ** 2
    return np.asarray(squares.sum(axis=1) / np.maximum(1, seeds - 1) / seeds)


def _words(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """Each row's bits, 64 to a word: bool (N, M) to uint64 (N, ceil(M / 64))."""
    padded = np.pad(hits, ((0, 0), (0, -hits.shape[1] % 64)))
    return np.packbits(padded, axis=1).view(np.uint64)


class Timed:
    """The graphs of variants at one batch size, of which many pairs are compared at once: all of equal graphs once."""

    def __init__(self, variants: Sequence[Variant], timings: Timings, batch: int) -> None:
        groups = {variant.architectures: variant for variant in reversed(variants)}
        places = {graphs: place for place, graphs in enumerate(groups)}
        self.kinds = np.array([places[variant.architectures] for variant in variants], dtype=np.intp)
        self.variants, self.timings, self.batch = list(groups.values()), timings, batch

    def signs(self, ours: Numbers, theirs: Numbers) -> Signs:
        """For pairs by their numbers: +1 where the first is clearly faster, -1 where slower, 0 where unclear."""
        pairs = self.kinds[ours] * len(self.variants) + self.kinds[theirs]
        asked, places = np.unique(pairs, return_inverse=True)
        found = [self._sign(*divmod(int(pair), len(self.variants))) for pair in asked]
        return np.array(found, dtype=np.int8)[places]

    def _sign(self, ours: int, theirs: int) -> int:
        return speed_sign(self.variants[ours], self.variants[theirs], self.timings, self.batch)
