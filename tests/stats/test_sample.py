"""What sums up a sample."""

from __future__ import annotations

import numpy as np

from harness import stats


def test_trend_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(30)
    assert stats.trend(noise) > 0.05
    assert stats.trend(noise + 0.2 * np.arange(30)) < 0.001
