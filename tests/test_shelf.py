"""The benchmark beside onnxsim: answers are judged rightly, and a page says what was found."""

from __future__ import annotations

import numpy as np
import pytest

from bench.shelf.arms import THEIRS
from bench.shelf.comparing import Beside, Found, Speed, Told
from bench.shelf.page import keeps_more, markdown
from bench.shelf.pictures import lines, pages, photographs, turned_lines
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


@pytest.mark.parametrize("draw", [lines, turned_lines, pages, photographs])
def test_pictures_are_drawn_by_their_seed(draw: object) -> None:
    assert callable(draw)
    one, same, other = (draw(np.random.default_rng(seed), 3, 48, 96) for seed in (0, 0, 1))
    assert one.shape == (3, 48, 96, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.std(axis=(1, 2, 3)).min() > 10


def test_every_other_line_is_upside_down() -> None:
    upright, turned = (draw(np.random.default_rng(1), 4, 32, 96) for draw in (lines, turned_lines))
    assert np.array_equal(turned[1::2], upright[1::2])
    assert np.array_equal(turned[::2], upright[::2, ::-1, ::-1])


def speed(ratio: float) -> Speed:
    return Speed(ratio=ratio, low=ratio - 0.1, high=ratio + 0.1)


@pytest.mark.parametrize(
    ("ratio", "kept_by_ours", "wanted"),
    [(1.2, 90.0, True), (1.19, 90.0, True), (1.1, 90.0, False), (1.2, 80.0, False), (None, 90.0, False)],
)
def test_ours_keeps_more_only_where_it_is_as_fast(ratio: float | None, kept_by_ours: float, wanted: bool) -> None:
    ours = Told(left=0.8, speedup=None if ratio is None else speed(ratio), kept=(kept_by_ours,))
    theirs = Told(left=0.8, speedup=speed(1.3), kept=(79.0, 81.0))
    assert keeps_more(theirs, Beside(theirs=speed(1.2), ours=ours)) is wanted


def found(ours: float) -> list[Found]:
    """Ours keeps so much of one file; onnxsim can't prune the second, and nobody the third."""
    none = {arm: Told(why="an error") for arm in THEIRS}
    cut = Told(left=0.8, speedup=speed(1.25), kept=(80.0,))
    half = Told(left=0.3, speedup=speed(2.0), kept=(70.0, 72.0), cut=9.0)
    fast = Told(left=0.85, speedup=speed(1.21), kept=(ours,))
    beside = {"uncalibrated": Beside(theirs=speed(1.2), ours=fast)}
    first = Found(subject="a", theirs={**none, "uncalibrated": cut}, ours=half, beside=beside)
    return [
        first,
        Found(subject="b", theirs=none, ours=half),
        Found(subject="c", theirs=none, ours=Told(why="nothing")),
    ]


def test_the_page_counts_files_and_who_keeps_more() -> None:
    text = markdown(found(90.0), "python -m bench.shelf", 3, 100)
    assert "- onnxsim, uncalibrated: 1\n- onnxsim, calibrated: 0\n- onnxsim, recovered: 0\n- harness: 2" in text
    assert "Of the 1 files that both can prune" in text
    assert "ours keeps more answers at the speed of every one of theirs on 1: a." in text
    assert "| a | onnxsim, uncalibrated | 80.0 % | 1.25 [1.15, 1.35] | 80.0 |" in text
    assert "| a | harness, as cut | 30.0 % | 2.00 [1.90, 2.10] | 9.0 |" in text
    assert "| a | harness, reconstructed | 30.0 % | 2.00 [1.90, 2.10] | 71.0 (70.0, 72.0) |" in text
    assert "| a | uncalibrated | 1.20 [1.10, 1.30] | 80.0 | 85.0 % | 1.21 [1.11, 1.31] | 90.0 |" in text
    assert "| b | onnxsim, uncalibrated | – | – | an error |" in text
    assert "| c | harness, reconstructed | – | – | nothing |" in text
    assert "of every one of theirs on 0: none." in markdown(found(79.0), "python -m bench.shelf", 3, 100)


def test_what_is_kept_in_the_store_reads_back() -> None:
    for one in found(90.0):
        assert Found.model_validate_json(one.model_dump_json()) == one
