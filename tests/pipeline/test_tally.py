"""What is told of a study that is under way."""

from __future__ import annotations

from datetime import datetime

import pytest

from harness.base.progress import Silent
from harness.pipeline.rows import planned
from harness.pipeline.tally import Tally
from harness.records import Row
from harness.spec import Study

STUDY = Study.model_validate(
    {
        "name": "small",
        "seeds": [0, 1],
        "networks": [{"model": "single_conv", "prune": [{"ratio": [0.25, 0.5]}]}],
    }
)


class Log(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []

    def line(self, text: str, *, lasting: bool = False) -> None:
        self.lines.append(f"! {text}" if lasting else text)

    def advance(self, steps: float = 1, note: str = "") -> None:
        self.notes.append(note)


def rows() -> list[Row]:
    return [row for case in STUDY.cases() for row in planned(case)]


def tally(log: Log, at_once: int = 1, after_s: float = 0.0, clock: datetime = datetime(2030, 1, 1, 14, 0)) -> Tally:
    return Tally(rows(), log, log, at_once=at_once, after_s=after_s, now=lambda: clock)


def test_each_row_is_a_line_with_what_is_done_failed_and_left() -> None:
    log = Log()
    counted = tally(log)
    original, quarter, half, *_ = rows()
    counted.count(original, 60.0)
    counted.count(quarter.model_copy(update={"error": "its process was killed by SIGFPE at 'prune'"}), 30.0)
    counted.count(half, 0.0)
    name = "single_conv seed=0"
    assert log.lines == [
        f"[1/6] {name} original: 60.0 s (1 done, 5 left, until about 14:05)",
        f"! [2/6] {name} 25 %: failed: its process was killed by SIGFPE at 'prune' "
        "(1 done, 1 failed, 4 left, until about 14:04)",
        f"[3/6] {name} 50 %: as it was (2 done, 1 failed, 3 left, until about 14:03)",
    ]
    assert log.notes[-1] == "2 done, 1 failed, 3 left, until about 14:03"


def test_what_is_left_takes_as_long_as_the_same_variant_did_with_another_seed() -> None:
    counted = tally(Log())
    assert counted.expected_s() is None
    for row, seconds in zip(rows(), (100.0, 10.0, 20.0), strict=False):
        counted.count(row, seconds)
    assert counted.expected_s() == pytest.approx(130.0)
    counted.count(rows()[3], 50.0)  # the second original: the usual is 75 now, but none is left
    assert counted.expected_s() == pytest.approx(30.0)


def test_what_was_there_already_says_nothing_of_the_time() -> None:
    counted = tally(Log())
    for row in rows()[:5]:
        counted.count(row, 0.0)
    assert counted.expected_s() is None
    assert counted.standing() == "5 done, 1 left"
    counted.count(rows()[5], 3.0)
    assert counted.standing() == "6 done, 0 left"


def test_rows_side_by_side_take_less_and_measuring_comes_after() -> None:
    counted = tally(Log(), at_once=2, after_s=90.0)
    counted.count(rows()[0], 10.0)
    assert counted.expected_s() == pytest.approx(5 * 10 / 2 + 90)


def test_another_day_is_named() -> None:
    counted = tally(Log(), clock=datetime(2030, 1, 31, 23, 0))
    counted.count(rows()[0], 3600.0)
    assert counted.standing() == "1 done, 5 left, until about 01 Feb 04:00"
