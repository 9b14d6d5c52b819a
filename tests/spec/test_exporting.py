"""How a file is to be written is checked when it is said, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from harness.base.errors import SpecError
from harness.spec import OPSETS, ExportSpec, Study, checked


def test_by_default_nothing_is_asked_for() -> None:
    assert ExportSpec().options == ()
    assert ExportSpec(batch=8, layout="nchw").options == ("batch", "layout")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"opset": 12}, r"opset = 12: can't be exported; use 13 to \d\d"),
        ({"opset": OPSETS[-1] + 1}, rf"can't be exported; use 13 to {OPSETS[-1]}"),
        ({"batch": 0}, "batch = 0: input should be greater than or equal to 1"),
        ({"batch": 5000}, "batch = 5000: input should be less than or equal to 4096"),
        ({"layout": "nhcw"}, "layout = 'nhcw': input should be 'nhwc' or 'nchw'"),
        ({"inputs": "fp16"}, "'inputs' is unknown; known here: opset, batch, layout, float16_inputs"),
    ],
)
def test_what_can_not_be(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        checked(ExportSpec, asked, "export")


STUDY: dict[str, Any] = {
    "name": "small",
    "measure": {"batch_sizes": [1, 8]},
    "export": {"batch": 8},
    "networks": [{"model": "single_conv"}],
}


def test_a_study_measures_files_of_one_batch_at_that() -> None:
    with pytest.raises(SpecError, match=r"export\.batch = 8: can't be measured at 1 and 8; set .* = \[8\]"):
        checked(Study, STUDY, "study").cases()
    assert checked(Study, {**STUDY, "measure": {"batch_sizes": [8]}}, "study").cases()


def test_widths_by_latency_are_chosen_for_files_as_by_default() -> None:
    networks = [{"model": "single_conv", "prune": [{"speedup": 2.0}]}]
    asked = {"name": "fast", "export": {"layout": "nchw"}, "networks": networks}
    with pytest.raises(SpecError, match=r"'2x as fast' is chosen without export\.layout; leave that out"):
        checked(Study, asked, "study").cases()
