"""The inner loops: what is counted, what is dropped, and when a warm-up ends. No test asserts a time."""

from __future__ import annotations

import itertools

import pytest

from harness.measure.runtime import timing


class Clock:
    """A clock that runs only when a call is made: call number n takes `times[n]`, the last of them for ever."""

    def __init__(self, times: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.times = 0, itertools.chain(times, itertools.repeat(times[-1]))
        monkeypatch.setattr(timing, "clock", lambda: self.now)

    def run(self) -> None:
        self.now += next(self.times)


def test_each_call_is_timed_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock([5, 7, 9], monkeypatch)
    assert timing.time_calls(clock.run, 3) == [5, 7, 9]


def test_the_first_call_of_a_block_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """It refills the caches that another model emptied."""
    clock = Clock([100, 7, 9], monkeypatch)
    assert timing.time_block(clock.run, 2) == [7, 9]


def test_a_warm_up_goes_on_while_calls_get_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock([1000 - 10 * call for call in range(60)], monkeypatch)
    times, settled = timing.warm_up(clock.run, 10**9, 1000)
    assert settled
    assert len(times) == 128


def test_a_warm_up_that_never_settles_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock([int(1e6 * 0.97**call) for call in range(400)], monkeypatch)
    times, settled = timing.warm_up(clock.run, 30_000_000, 1000)
    assert not settled
    assert sum(times) <= 30_000_000


def test_steady_calls_need_the_shortest_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock([1000], monkeypatch)
    assert timing.warm_up(clock.run, 10**9, 1000) == ([1000] * 16, True)


def test_slow_models_are_called_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock([timing.SLOW_NS + 1], monkeypatch)
    times, _ = timing.warm_up(clock.run, 10**9, timing.SLOW_NS + 1)
    assert len(times) == 4
    assert timing.calls_per_block(timing.SLOW_NS + 1, 1_000_000) == 1


@pytest.mark.parametrize(("usual_ns", "calls"), [(1_000, 200), (50_000, 20), (900_000, 3)])
def test_blocks_last_alike_but_hold_enough_calls_for_a_median(usual_ns: int, calls: int) -> None:
    assert timing.calls_per_block(usual_ns, 1_000_000) == calls
