"""What follows from raw samples: medians, percentiles, comparisons, and what a file keeps of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from pydantic import ValidationError

from harness.base.errors import MeasureError
from harness.measure.launch import FEWEST_ROUNDS, Launch
from harness.measure.measurement import Measurement
from harness.measure.row import MeasuredRow, Percentile
from tests.measurements import measurement


def row_of(*blocks: tuple[int, ...]) -> MeasuredRow:
    launch = Launch(number=0, first_ns=9000, warmup_ns=(5000,), settled=True, blocks_ns=blocks)
    return MeasuredRow(
        model=0, batch=4, mode="end_to_end", device="cpu", peak_bytes=None, error=None, launches=(launch,)
    )


def test_latency_is_the_median_of_the_blocks_medians() -> None:
    row = row_of((1000, 1000, 9000), (3000, 3000, 3000), (2000, 2000, 2000))
    assert row.median_us == 2.0
    assert row.throughput_per_s == pytest.approx(4 * 1e6 / 2.0)
    assert row.first_us == 9.0


def test_a_row_without_launches_has_no_figures() -> None:
    row = row_of().model_copy(update={"launches": ()})
    assert (row.median_us, row.throughput_per_s, row.first_us) == (None, None, None)


def test_percentiles_come_with_enough_independent_calls_or_with_the_reason() -> None:
    """12 launches x 20 blocks x 5 calls: 1,200 calls, but the launches differ, so they are worth fewer."""
    row = measurement(noise=0.0).rows[0]
    assert row.percentile(90).value_us == pytest.approx(100, rel=0.05)
    noisy = measurement(noise=0.2).rows[0].percentile(99)
    assert noisy.value_us is None
    assert noisy.reason is not None
    assert noisy.reason.startswith("p99 needs 662 independent calls, these are worth ")


def test_a_percentile_with_a_value_needs_no_reason() -> None:
    assert Percentile(percent=90, value_us=1.0, independent=70, needed=64).reason is None


def test_a_planted_speed_up_is_found_within_its_interval() -> None:
    found = measurement((100.0, 50.0)).compare(0, 1, 1)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low < 2.0 < found.ci_high
    assert (found.verdict, found.launches) == ("faster", 12)


def test_the_other_way_round_is_the_inverse() -> None:
    """The ratio is symmetric: what one is faster, the other is slower."""
    both = measurement((100.0, 80.0, 90.0))
    there, back = both.compare(1, 2, 1), both.compare(2, 1, 1)
    assert there.speedup is not None
    assert back.speedup is not None
    assert there.speedup * back.speedup == pytest.approx(1)
    assert (there.verdict, back.verdict) == ("slower", "faster")


def test_any_pair_can_be_compared_later() -> None:
    """All models were interleaved: pairs need not have been asked for."""
    later = Measurement.model_validate_json(measurement((100.0, 80.0, 64.0)).model_dump_json())
    assert later.compare(1, 2, 1).speedup == pytest.approx(1.25, rel=0.02)


def test_comparisons_made_together_are_corrected_together() -> None:
    """A borderline difference stands alone, and not among ten others."""
    several = measurement((100.0, 99.4, *[100.0] * 10), margin=0.001, noise=0.004)
    alone, among = several.compare(0, 1, 1), several.compare_all()[0]
    assert alone.p_value == among.p_value
    assert alone.p_adjusted == alone.p_value
    assert among.p_adjusted is not None
    assert alone.p_adjusted is not None
    assert among.p_adjusted > alone.p_adjusted


def test_only_launches_that_measured_both_count() -> None:
    one = measurement()
    short = one.rows[1].model_copy(update={"launches": one.rows[1].launches[3:]})
    assert len(one.rows[0].log_ratios(short)) == 9


def of_rounds(model: int, blocks: list[tuple[int, ...]], shares: list[float] | None) -> MeasuredRow:
    """One launch with these blocks and shares of the core."""
    row = row_of(*blocks)
    launch = row.launches[0].model_copy(update={"cpu_shares": None if shares is None else tuple(shares)})
    return row.model_copy(update={"model": model, "launches": (launch,)})


def test_rounds_that_a_neighbour_disturbed_don_t_move_the_ratio() -> None:
    """Three of ten: the median over rounds is the launch's ratio."""
    fast = [(50,) * 3] * 7 + [(400,) * 3, (300,) * 3, (500,) * 3]
    (ratio,) = of_rounds(0, [(100,) * 3] * 10, None).log_ratios(of_rounds(1, fast, None))
    assert ratio == pytest.approx(math.log(2))


def test_few_long_calls_that_lost_the_core_are_set_aside() -> None:
    """Most rounds are disturbed and twice as long; the three in which the process kept its core decide."""
    calm = of_rounds(0, [(1000,) * 3] * 9, [1.0] * 9)
    blocks, shares = [(8000,) * 3] * 6 + [(4000,) * 3] * 3, [0.5] * 6 + [0.98] * 3
    (ratio,) = calm.log_ratios(of_rounds(1, blocks, shares))
    assert ratio == pytest.approx(-math.log(4))
    assert of_rounds(1, blocks, shares).median_us == 4.0


def test_many_short_calls_need_no_setting_aside() -> None:
    """Their median ignores the few that were interrupted, however long the block took."""
    calm, hit = of_rounds(0, [(100,) * 20] * 5, [1.0] * 5), of_rounds(1, [(200,) * 19 + (90_000,)] * 5, [0.1] * 5)
    (ratio,) = calm.log_ratios(hit)
    assert ratio == pytest.approx(-math.log(2))


def test_a_launch_with_too_few_clean_rounds_says_nothing() -> None:
    """Rather than something wrong."""
    calm, busy = (of_rounds(model, [(1000,) * 3] * 9, shares) for model, shares in enumerate(([1.0] * 9, [0.5] * 9)))
    assert calm.log_ratios(busy) == ()
    assert busy.median_us == 1.0


def test_where_the_core_s_share_is_unknown_every_round_counts() -> None:
    """On a GPU, or with several threads."""
    one, other = (of_rounds(model, [(1000,) * 3] * 4, None) for model in (0, 1))
    assert one.log_ratios(other) == (0.0,)


def test_a_row_that_failed_compares_as_invalid_without_numbers() -> None:
    """Whichever of the two it was, and however far it came; it is no comparison that the others are corrected for."""
    one = measurement((100.0, 50.0, 50.0), noise=0.02)
    for number in range(3):
        failed = one.rows[number].model_copy(update={"error": "the worker hung"})
        rows = (*one.rows[:number], failed, *one.rows[number + 1 :])
        found = one.model_copy(update={"rows": rows}).compare_all()
        invalid = [each for each in found if number in (each.baseline, each.candidate)]
        for each in invalid:
            assert (each.verdict, each.speedup, each.ci_low, each.p_adjusted) == ("invalid", None, None, None)
        assert len(invalid) == (2 if number == 0 else 1)
        assert all(each.p_adjusted == each.p_value for each in found if each not in invalid)


def test_a_single_launch_gives_a_ratio_but_no_interval() -> None:
    found = measurement(launches=1).compare(0, 1, 1)
    assert found.speedup == pytest.approx(2, rel=0.02)
    assert (found.ci_low, found.p_adjusted, found.verdict) == (None, None, "inconclusive")


def test_the_control_is_judged_like_a_candidate() -> None:
    (control,) = measurement().compare_control()
    assert (control.baseline, control.candidate) == (0, 0)
    assert control.verdict == "equivalent"


def test_what_was_not_measured_is_named() -> None:
    with pytest.raises(MeasureError, match="model 0 was not measured at batch 7 in mode end_to_end"):
        measurement().row(0, 7)


def test_drift_within_launches_is_measured_and_its_absence_too() -> None:
    steady = measurement().rows[0].drift()
    assert steady.low < 0 < steady.high
    assert math.isfinite(steady.high)


def test_a_file_comes_back_as_it_was() -> None:
    one = measurement()
    assert Measurement.model_validate_json(one.model_dump_json()) == one


def test_a_file_of_another_version_is_refused() -> None:
    values = measurement().model_dump(mode="json") | {"schema_version": "harness-measurement/0"}
    with pytest.raises(ValidationError, match="schema_version"):
        Measurement.model_validate(values)


def disturbed(seed: int, numbers: Sequence[int], rounds: Mapping[int, int]) -> MeasuredRow:
    """Launches with these numbers, of so many rounds each, most of whose blocks lost their core now and then."""
    rng = np.random.default_rng(seed)
    launches = [
        Launch(
            number=number,
            first_ns=1,
            warmup_ns=(1,),
            settled=True,
            blocks_ns=tuple(tuple(map(int, rng.integers(900, 1100, 3))) for _ in range(rounds[number])),
            cpu_shares=tuple(rng.choice([0.5, 1.0], rounds[number], p=[0.3, 0.7])),
        )
        for number in numbers
    ]
    return MeasuredRow(
        model=0, batch=1, mode="end_to_end", device="cpu", peak_bytes=None, error=None, launches=tuple(launches)
    )


@pytest.mark.parametrize("seed", range(20))
def test_log_ratios_are_medians_over_the_clean_rounds_of_each_common_launch(seed: int) -> None:
    """Whichever launches and however many rounds there are, as it is written down, one after the other."""
    rng = np.random.default_rng(seed)
    rounds = {number: int(rng.integers(0, 9)) for number in range(8)}
    ours, theirs = (
        disturbed(number, sorted(rng.choice(8, int(rng.integers(0, 9)), replace=False)), rounds) for number in (1, 2)
    )
    expected = []
    others = {launch.number: launch for launch in theirs.launches}
    for first in (launch for launch in ours.launches if launch.number in others):
        second = others[first.number]
        both = zip(first.medians_ns, second.medians_ns, first.clean, second.clean, strict=True)
        logs = [math.log(one / other) for one, other, good, fine in both if good and fine]
        if len(logs) >= FEWEST_ROUNDS:
            expected.append(float(np.median(logs)))
    assert ours.log_ratios(theirs) == pytest.approx(expected)
    assert len(ours.round_errors(theirs)) == len(expected)
