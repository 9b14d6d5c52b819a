"""The benchmarks of ONNX files that others made: what their pages say of figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.shelf.comparing import Found, Told
from bench.shelf.page import markdown
from bench.shelf.pictures import lines, pages, photographs, turned_lines
from bench.shelf.subjects import kept
from bench.torchvision import EXPORTERS, FAMILIES, Row, kinds, page, proved, row
from harness.base.store import Store


def test_a_family_is_proved_by_both_exporters_in_all_its_networks() -> None:
    found = [Row(name, exporter, weights=0.3, difference=1e-6) for name in FAMILIES["ResNet"] for exporter in EXPORTERS]
    found += [Row("alexnet", "default", weights=0.3, difference=1e-6), Row("alexnet", "torchscript", why="it fails")]
    found += [Row("swin_t", exporter, weights=0.3, difference=1e-6) for exporter in EXPORTERS]  # one of two networks
    found += [Row("vit_b_16", "default", weights=0.3, difference=1e-6)]  # by one of two exporters
    assert proved(found) == ["ResNet"]
    text = page(found)
    assert "1 of torchvision's 20 families" in text
    assert "| alexnet | torchscript | | | | it fails | | |" in text
    assert "--networks resnet18 resnet50 alexnet swin_t vit_b_16`" in text


def test_reasons_are_counted_without_the_names_of_nodes() -> None:
    reasons = {"a": "'/norm/1' normalises over its channels", "b": "'x' normalises over its channels", "c": "an output"}
    assert kinds(reasons) == {"normalises over its channels": 2, "an output": 1}


def test_a_network_that_is_not_exported_is_a_row_that_says_so(tmp_path: Path) -> None:
    """And is tried again the next time: nothing is kept of it."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho first >&2\necho 'no such operator' >&2\nexit 1\n")
    python.chmod(0o755)
    found = row("alexnet", "default", python, Store(tmp_path / "store"))
    assert found.why == "PyTorch can't export it: no such operator"
    python.write_text("#!/bin/sh\necho 'still none' >&2\nexit 1\n")
    assert row("alexnet", "default", python, Store(tmp_path / "store")).why.endswith("still none")


@pytest.mark.parametrize("draw", [lines, turned_lines, pages, photographs])
def test_pictures_are_drawn_by_their_seed(draw: object) -> None:
    assert callable(draw)
    one, same, other = (draw(np.random.default_rng(seed), 3, 48, 96) for seed in (0, 0, 1))
    assert one.shape == (3, 48, 96, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.std(axis=(1, 2, 3)).min() > 10


def test_answers_are_compared_where_there_are_some() -> None:
    """Blanks of a reader are none; a box is where something is, and not what."""
    blank, a, b = np.eye(3)
    original, other = np.array([[blank, a, b, blank]]), np.array([[blank, a, a, blank]])
    assert kept("steps", original, other) == 50
    assert kept("class", original[0], other[0]) == 75
    boxes = np.array([[[9.0, 9, 9, 9, 1, 0]]])
    assert kept("scores last", boxes, boxes + np.array([5, 5, 5, 5, 0, 0])) == pytest.approx(100)
    assert kept("scores last", boxes, boxes * np.array([1, 1, 1, 1, -1, 1])) == pytest.approx(-100)
    assert kept("scores first", boxes.transpose(0, 2, 1), boxes.transpose(0, 2, 1)) == pytest.approx(100)
    assert kept("all", boxes, boxes[:, :, :3]) == 0


def test_the_page_says_where_ours_keeps_more_and_what_none_could_prune() -> None:
    fast, slow = (1.5, 1.4, 1.6), (1.1, 1.0, 1.2)
    none = Told(why="it can't")
    theirs = {"uncalibrated": Told(0.6, "", fast, [80.0]), "calibrated": Told(0.6, "", slow, [90.0, 92.0])}
    first = Found(
        "a", {**theirs, "recovered": none},
        {"50 %": Told(0.3, "", fast, [95.0], 60.0), "10 %": Told(0.8, "", slow, [91.5])},
        {"uncalibrated": "50 %", "calibrated": "10 %"},
    )  # fmt: skip
    other = Found("b", dict.fromkeys(("uncalibrated", "calibrated", "recovered"), none), {"50 %": none}, {})
    text = markdown([first, other], "python -m bench.shelf", 3, 100)
    assert "on 1: a." in text
    assert "- onnxsim, recovered: 0" in text
    assert "- harness: 1" in text
    assert "| b | harness, reconstructed | – | – | it can't |" in text
    assert "| a | calibrated | 1.10 [1.00, 1.20] | 91.0 (90.0, 92.0) | 10 % | 1.10 [1.00, 1.20] | 91.5 |" in text
