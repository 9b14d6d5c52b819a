"""The numbers of those on the frontier."""

from __future__ import annotations

from harness.report.charts.numbers import LETTERS, cut, number_labels


def test_numbers_of_points_that_touch_share_a_label() -> None:
    points = [(1, 10.0, 90.0), (2, 30.0, 95.0), (3, 30.5, 95.1), (4, 31.0, 95.2)]
    rows = [{"number": number, "on": True, "latency": x, "accuracy": y} for number, x, y in points]
    hidden = {"number": None, "on": False, "latency": 20.0, "accuracy": 91.0}
    labels = number_labels([*rows, hidden], (5.0, 50.0), (80.0, 100.0))
    assert [label["label"] for label in labels] == ["1", "2–4"]
    assert labels[1]["latency"] == 31.0


def test_a_long_name_is_cut_and_its_figures_are_not() -> None:
    assert cut("deepcaptcha same, 50 %", ": 97.1 %, 58 µs") == "deepcaptcha same, 50 %: 97.1 %, 58 µs"
    told = cut("x" * 200, ": 97.1 %, 58 µs")
    assert len(told) == LETTERS
    assert told.endswith("x…: 97.1 %, 58 µs")
