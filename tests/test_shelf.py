"""The benchmark beside onnxsim: answers are judged rightly, and a page says what was found."""

from __future__ import annotations

import numpy as np
import pytest

from bench.shelf.comparing import Found, Told, as_fast
from bench.shelf.page import markdown
from bench.shelf.pictures import lines, pages, turned_lines
from bench.shelf.subjects import Measure, kept

GENERATOR = np.random.default_rng(0)


def scores(*classes: int) -> np.ndarray:
    """Of one example the step of each class, of 4."""
    return np.eye(4, dtype=np.float32)[None, list(classes)]


@pytest.mark.parametrize(
    ("measure", "one", "other", "wanted"),
    [
        ("class", scores(1, 2, 3, 0)[0], scores(1, 2, 0, 0)[0], 75.0),
        ("steps", scores(0, 1, 2, 0), scores(0, 1, 3, 0), 50.0),  # blanks of both are no answers
        ("steps", scores(0, 1, 0, 0), scores(0, 1, 3, 0), 50.0),  # a character that was put in
        ("steps", scores(0, 0), scores(0, 0), 100.0),
        ("all", np.array([[3.0, 4.0]]), np.array([[6.0, 8.0]]), 100.0),
        ("all", np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), 0.0),
        ("all", np.array([[1.0, 0.0]]), np.array([[0.0]]), 0.0),
    ],
)
def test_how_much_is_kept(measure: Measure, one: np.ndarray, other: np.ndarray, wanted: float) -> None:
    assert kept(measure, one, other) == pytest.approx(wanted)


@pytest.mark.parametrize(("measure", "axis"), [("scores first", 1), ("scores last", 2)])
def test_where_a_box_is_does_not_count_among_its_scores(measure: Measure, axis: int) -> None:
    one = GENERATOR.random((2, 6, 6))
    other = one.copy()
    np.moveaxis(other, axis, 0)[:4] += 100.0
    assert kept(measure, one, other) == pytest.approx(100.0)
    np.moveaxis(other, axis, 0)[4:] = 0.0
    assert kept(measure, one, other) == 0.0


def test_pictures_are_the_same_by_seed_and_every_other_line_is_upside_down() -> None:
    draw = lambda make, seed: make(np.random.default_rng(seed), 4, 32, 96)  # noqa: E731
    for make in (lines, pages, turned_lines):
        assert draw(make, 1).shape == (4, 32, 96, 3)
        assert np.array_equal(draw(make, 1), draw(make, 1))
        assert not np.array_equal(draw(make, 1), draw(make, 2))
    upright, turned = draw(lines, 1), draw(turned_lines, 1)
    assert np.array_equal(turned[1::2], upright[1::2])
    assert np.array_equal(turned[::2], upright[::2, ::-1, ::-1])


def test_the_least_of_ours_that_is_as_fast_is_taken() -> None:
    speeds = {
        "uncalibrated": (1.2, 1.1, 1.3),
        "5 %": (1.1, 1.0, 1.2),
        "10 %": (1.19, 1.1, 1.3),
        "15 %": (1.4, 1.3, 1.5),
    }
    assert as_fast(speeds, "uncalibrated") == 0.1
    assert as_fast({**speeds, "uncalibrated": (2.0, 1.9, 2.1)}, "uncalibrated") is None
    assert as_fast(speeds, "calibrated") is None


def found(ours: float) -> list[Found]:
    """Of two files one that onnxsim can't prune; of the other ours keeps so much at its speed."""
    nothing = Told(why="an error")
    cut = Told(0.8, "", (1.2, 1.1, 1.3), [80.0])
    mine = {
        "10 %": Told(0.85, "", (1.21, 1.2, 1.22), [ours], 50.0),
        "50 %": Told(0.3, "", (2.0, 1.9, 2.1), [70.0], 9.0),
    }
    none = dict.fromkeys(("uncalibrated", "calibrated", "recovered"), nothing)
    return [Found("a", {**none, "uncalibrated": cut}, mine, {"uncalibrated": "10 %"}), Found("b", none, mine, {})]


def test_the_page_counts_files_and_who_keeps_more() -> None:
    text = markdown(found(90.0), "python -m bench.shelf", 3, 100)
    assert "- onnxsim, uncalibrated: 1\n- onnxsim, calibrated: 0\n- onnxsim, recovered: 0\n- harness: 2" in text
    assert (
        "Of the 1 files that both can prune, ours keeps more answers at the speed of every one of theirs on 1: a."
        in text
    )
    assert "| a | uncalibrated | 1.20 [1.10, 1.30] | 80.0 | 10 % | 1.21 [1.20, 1.22] | 90.0 |" in text
    assert "| b | onnxsim, uncalibrated | – | – | an error |" in text
    assert "of every one of theirs on 0: none." in markdown(found(79.0), "python -m bench.shelf", 3, 100)
