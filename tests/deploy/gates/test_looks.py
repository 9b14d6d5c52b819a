"""Gates decided as launches come in: simulated, they say what is so, and at their own value hardly anything."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from harness.deploy.gates.looks import OCCASION, Gate, Looks, Seen, more, seen_memory
from harness.measure.launch import Launch
from harness.measure.row import MeasuredRow

LAUNCHES = 40
SPREAD = 0.015


def row(model: int, latencies_us: Sequence[float]) -> MeasuredRow:
    """A model whose every launch has a latency of its own."""
    launches = [
        Launch(number=number, first_ns=1, warmup_ns=(1,), settled=True, blocks_ns=((int(1e3 * each),),) * 3)
        for number, each in enumerate(latencies_us)
    ]
    return MeasuredRow(
        model=model, batch=1, mode="end_to_end", device="cpu", peak_bytes=1, error=None, launches=tuple(launches)
    )


def measured(rng: np.random.Generator, gates: Sequence[Gate]) -> dict[Gate, Seen]:
    """What comes of gates on two equal networks of 1000 us, up to LAUNCHES launches."""
    shared = rng.normal(0, 0.1, LAUNCHES)  # the launch's own luck, which a ratio does not see
    occasion = rng.normal(0, OCCASION)
    rows = [row(model, 1000 * np.exp(0.2 * shared + occasion + rng.normal(0, SPREAD, LAUNCHES))) for model in (0, 1)]
    looks = Looks(gates, 1, len(gates))
    while looks.next <= LAUNCHES:
        seen = [each.model_copy(update={"launches": each.launches[: looks.next]}) for each in rows]
        if looks(seen):
            return looks.end(seen)
    return looks.end(rows)


def test_at_its_own_value_a_gate_is_hardly_ever_decided() -> None:
    """60 measurements of two gates: at most 5 % of them decide one, and some more by luck."""
    rng = np.random.default_rng(0)
    gates = [Gate("max_latency_us", 1000.0, 1), Gate("min_speedup", 1.0, 1)]
    found = [measured(rng, gates) for _ in range(60)]
    decided = sum(any(seen.decision != "can't tell" for seen in each.values()) for each in found)
    assert decided <= 0.05 * 60 + 2 * math.sqrt(0.05 * 0.95 * 60)


@pytest.mark.parametrize(
    ("gate", "right"),
    [
        (Gate("max_latency_us", 1050.0, 1), "pass"),
        (Gate("max_latency_us", 950.0, 1), "fail"),
        (Gate("min_speedup", 0.95, 1), "pass"),
        (Gate("min_speedup", 1.05, 1), "fail"),
    ],
)
def test_five_per_cent_away_nearly_every_gate_is_decided_rightly(gate: Gate, right: str) -> None:
    rng = np.random.default_rng(1)
    found = [measured(rng, [gate, Gate("min_speedup", 0.5, 1)])[gate].decision for _ in range(30)]
    assert found.count(right) >= 27
    assert set(found) <= {right, "can't tell"}


def test_what_is_decided_stays_decided_and_stops_the_measurement() -> None:
    looks = Looks([Gate("max_latency_us", 2000.0, 1)], 0, 1)
    times = [1000.0 + number for number in range(10)]
    assert not looks([row(0, times[:9])])
    assert looks([row(0, times)])
    (seen,) = looks.end([row(0, [9000.0] * 20)]).values()
    assert (seen.decision, seen.count) == ("pass", 10)


def test_too_few_launches_decide_nothing_and_say_what_would() -> None:
    looks = Looks([Gate("max_latency_us", 2000.0, 1)], 0, 1)
    (seen,) = looks.end([row(0, [1000.0, 1001.0, 1002.0])]).values()
    assert seen.decision == "can't tell"
    needed = more(seen, 2000.0, 3.0)
    assert needed is not None
    assert needed >= 10


def test_a_row_that_can_not_be_measured_fails_its_gate() -> None:
    broken = row(0, []).model_copy(update={"error": "killed by SIGSEGV"})
    (seen,) = Looks([Gate("max_latency_us", 2000.0, 1)], 0, 1).end([broken]).values()
    assert (seen.decision, seen.error) == ("fail", "killed by SIGSEGV")


def test_a_baseline_that_can_not_be_measured_tells_nothing_of_a_speed_up() -> None:
    broken = row(0, []).model_copy(update={"error": "hung"})
    (seen,) = Looks([Gate("min_speedup", 1.0, 1)], 1, 1).end([broken, row(1, [1000.0] * 12)]).values()
    assert (seen.decision, seen.error) == ("can't tell", "the baseline failed: hung")


def test_processes_of_one_occasion_do_not_show_how_large_those_of_another_are() -> None:
    """Equal peaks have no spread; 5 % away is far enough all the same."""
    equal = [50_000_000] * 20
    seen = seen_memory(Gate("max_memory_mb", 50.5), equal, 1, 1)
    assert (seen.decision, seen.estimate) == ("can't tell", pytest.approx(50.0))
    assert math.log(seen.high / 50) == pytest.approx(1.96 * OCCASION, rel=0.01)
    assert seen_memory(Gate("max_memory_mb", 52.5), equal, 1, 1).decision == "pass"
    assert seen_memory(Gate("max_memory_mb", 47.5), equal, 1, 1).decision == "fail"


def test_gates_at_the_memory_that_a_network_takes_are_hardly_ever_decided() -> None:
    """The mean differs by occasion, by more than the spread of its processes; a mean over ten occasions is the gate."""
    rng, decided = np.random.default_rng(3), 0
    for _ in range(400):
        occasions = 67e6 * np.exp(rng.normal(0, 0.6 * OCCASION, 11))
        gate = Gate("max_memory_mb", float(occasions[:10].mean()) / 1e6)
        peaks = (occasions[10] * np.exp(rng.normal(0, 0.003, 40))).astype(int).tolist()
        decided += seen_memory(gate, peaks, 3, 5).decision != "can't tell"
    assert decided <= 0.05 * 400


def test_more_launches_narrow_the_interval_by_their_square_root() -> None:
    seen = Seen(100.0, 80.0, 120.0, 20)
    assert more(seen, 110.0, 10.0) == pytest.approx(1.2 * 4 * 10)
    assert more(seen, 100.0, 10.0) is None


def test_what_more_launches_do_not_narrow_is_reckoned_with() -> None:
    """Of 5 on either side 3 stay: at a distance of 2 nothing helps, at 4 as much again as (25 - 9) / (16 - 9)."""
    seen = Seen(100.0, 95.0, 105.0, 20, stays=3.0)
    assert more(seen, 102.0, 10.0) is None
    assert more(seen, 104.0, 10.0) == pytest.approx(1.2 * 10 * 16 / 7)
