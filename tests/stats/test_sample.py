"""What sums up a sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import stats


def test_trend_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(30)
    assert stats.trend(noise) > 0.05
    assert stats.trend(noise + 0.2 * np.arange(30)) < 0.001


samples = st.lists(st.lists(st.floats(-1e6, 1e6), max_size=6), max_size=5)


@settings(deadline=None)
@given(samples)
def test_medians_of_several_samples_are_those_of_each(several: list[list[float]]) -> None:
    """Of one size or not; of none it is not known."""
    for given_ in (several, [sample for sample in several if len(sample) == 3]):
        assert stats.medians(given_).tolist() == pytest.approx(list(map(stats.median, given_)), nan_ok=True)


@settings(deadline=None)
@given(samples, st.integers(1, 3))
def test_medians_of_what_is_known_leave_out_what_is_not_and_rows_with_too_little(
    several: list[list[float]], fewest: int
) -> None:
    width = max(map(len, several), default=0)
    padded = np.array([[*sample, *[np.nan] * (width - len(sample))][::-1] for sample in several])
    padded = padded.reshape(len(several), width)
    expected = [stats.median(sample) for sample in several if len(sample) >= fewest]
    assert stats.medians_of_known(padded, fewest).tolist() == pytest.approx(expected)
