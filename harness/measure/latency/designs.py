"""Which widths to measure: every group at levels all over its range, in a Latin hypercube."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.measure.latency.sizes import Widths

LEAST = 0.08  # of a group's channels: more than that is hardly ever cut
NARROWEST = 2  # of one channel alone, other operators may be exported
STEPS = (16, 16, 16, 8, 8, 4, 4, 1, 1)  # a width is a multiple of one of these; every step that hardware may have


def designs(full: Widths, free: Sequence[int], count: int, seed: int = 0) -> list[list[int]]:
    """Widths of `count` networks: `free` groups vary, the others are full.

    Each group's share is drawn from `count` equal parts of its range, each once. In every second network all groups
    have about the same share, so that networks of all sizes are among them and not only of the middle one.
    """
    rng = np.random.default_rng(seed)
    shares = np.empty((count, len(free)))
    for column in range(len(free)):
        shares[:, column] = (rng.permutation(count) + rng.random(count)) / count
    common = (rng.permutation(count) + 0.5) / count
    together = np.arange(count) % 2 == 0
    shares[together] = np.clip(common[together, None] + 0.25 * (shares[together] - 0.5), 0, 1)
    made = []
    for row in LEAST + (1 - LEAST) * shares:
        widths = list(full)
        for group, share in zip(free, row, strict=True):
            widths[group] = snapped(full[group], share, int(rng.choice(STEPS)))
        made.append(widths)
    return made


def snapped(size: int, share: float, step: int) -> int:
    """The multiple of a step nearest to a share of the size; the size itself where that is nearer, 2 at least."""
    wanted = share * size
    width = round(wanted / step) * step or min(step, size)
    return size if abs(size - wanted) < abs(width - wanted) else max(NARROWEST, min(width, size))
