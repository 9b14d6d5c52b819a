"""Inputs that are the same tensor in another precision are fed the same numbers, each in its own type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.base.errors import MeasureError
from harness.measure.inputs.declared import ModelInput
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.measure.runtime.runs import Plan, make_feed

FLOAT, HALF, BYTES = (ModelInput("image", dtype, (None, 4)) for dtype in ("float32", "float16", "uint8"))
PATHS = [Path("float.onnx"), Path("half.onnx")]


def test_floats_of_several_precisions_are_one_input_and_other_types_are_not() -> None:
    assert describe_inputs([(PATHS[0], [FLOAT]), (PATHS[1], [HALF])]) == [{"shape": [None, 4], "dtype": "float32"}]
    with pytest.raises(
        MeasureError, match=r"half.onnx: its inputs \(image:\?x4:uint8\) differ from those of float.onnx"
    ):
        describe_inputs([(PATHS[0], [FLOAT]), (PATHS[1], [BYTES])])


def test_the_same_numbers_are_fed_in_each_models_type() -> None:
    inputs = describe_inputs([(PATHS[0], [FLOAT]), (PATHS[1], [HALF])])
    feeds = [
        make_feed(Plan("a.onnx", ["image"], inputs, 3, "end_to_end", seed=0, copies=1, dtypes=[dtype]))["image"]
        for dtype in ("float32", "float16")
    ]
    assert [feed.dtype for feed in feeds] == [np.float32, np.float16]
    np.testing.assert_array_equal(feeds[0].astype(np.float16), feeds[1])


def test_whole_numbers_keep_their_type() -> None:
    inputs = [{"shape": [None, 2], "dtype": "uint8"}]
    plan = Plan("a.onnx", ["x"], inputs, 1, "end_to_end", seed=0, copies=1, dtypes=["uint8"])
    assert make_feed(plan)["x"].dtype == np.uint8


def test_given_arrays_may_have_the_type_of_any_of_the_models(tmp_path: Path) -> None:
    both = [(PATHS[0], [FLOAT]), (PATHS[1], [HALF])]
    for dtype in (np.float32, np.float16):
        arrays = gather((), None, {"image": np.ones((2, 4), dtype)}, [FLOAT])
        assert describe_inputs(both, arrays, tmp_path)[0]["key"] == "0"
    with pytest.raises(MeasureError, match="type float64; convert it by"):
        describe_inputs(both, gather((), None, {"image": np.ones((2, 4))}, [FLOAT]), tmp_path)
    with pytest.raises(MeasureError, match="holds numbers that float16 can't; give smaller ones"):
        describe_inputs(both, gather((), None, {"image": np.full((2, 4), 1e5, np.float32)}, [FLOAT]), tmp_path)
    alone = [(PATHS[1], [HALF])]
    with pytest.raises(MeasureError, match=r"convert it by array.astype\('float16'\)"):
        describe_inputs(alone, gather((), None, {"image": np.ones((2, 4), np.float32)}, [HALF]), tmp_path)
