"""What a graph alone shows to be slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from harness.measure.files.denormals import denormal_weights
from harness.measure.files.slowness import channel_step, findings
from tests.onnx_files import save, tensor, weight


def convolution(tmp_path: Path, filters: int = 16, size: int = 28, **attributes: Any) -> onnx.ModelProto:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", **attributes)
    weights = [weight("w", (filters, 3, 3, 3))]
    return onnx.load(
        save(tmp_path / "m.onnx", [node], [tensor("x", ["N", 3, size, size])], [tensor("y", None)], weights)
    )


@pytest.mark.parametrize(
    ("attributes", "size", "asymmetric"),
    [
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, 28, True),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, 29, False),
        ({"auto_pad": "SAME_UPPER", "strides": [1, 1]}, 28, False),
        ({"auto_pad": "VALID", "strides": [2, 2]}, 28, False),
        ({"pads": [0, 0, 1, 1], "strides": [2, 2]}, 28, True),
        ({"pads": [1, 1, 1, 1], "strides": [2, 2]}, 28, False),
        ({}, 28, False),
    ],
)
def test_asymmetric_padding_is_found_on_cuda(
    tmp_path: Path, attributes: dict[str, Any], size: int, asymmetric: bool
) -> None:
    """TensorFlow's strided 'same' pads 28 to 29 at the end only."""
    lines = findings(convolution(tmp_path, size=size, **attributes), {"x": (1, 3, size, size)}, "cuda")
    assert any("'conv'" in line and "padding differs" in line for line in lines) == asymmetric


def test_asymmetric_padding_is_no_matter_on_the_cpu(tmp_path: Path) -> None:
    assert findings(convolution(tmp_path, pads=[0, 0, 1, 1]), {"x": (1, 3, 28, 28)}, "cpu") == ()


@pytest.mark.parametrize(("filters", "found"), [(16, False), (12, True), (7, True), (64, False)])
def test_channels_off_the_step_are_named(tmp_path: Path, filters: int, found: bool) -> None:
    lines = findings(convolution(tmp_path, filters=filters), {"x": (1, 3, 28, 28)}, "cuda")
    assert any(f"'conv' has {filters}" in line for line in lines) == found


def test_of_many_convolutions_three_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    """Nodes without a name go by what they make."""
    count = 60
    nodes = [
        helper.make_node("Conv", [f"x{n}" if n else "x", "w"], [f"x{n + 1}"], name=f"c{n}" if n else "", pads=[1] * 4)
        for n in range(count)
    ]
    path = save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 3, 8, 8])], [tensor(f"x{count}", None)],
                [weight("w", (3, 3, 3, 3))])  # fmt: skip
    (line,) = findings(onnx.load(path), {"x": (1, 3, 8, 8)}, "cpu")
    assert "'x1' has 3, 'c1' has 3, 'c2' has 3 and 57 more; the next" in line


def test_the_step_depends_on_the_hardware() -> None:
    assert channel_step("cpu", ["avx2", "avx512f"]) == 16
    assert channel_step("cpu", ["avx2"]) == 8
    assert channel_step("cuda") == 8


def test_denormal_weights_are_counted_and_named_in_external_data_too(tmp_path: Path) -> None:
    """Two in one tensor, one in another; a zero and the smallest normal number are none."""
    tiny = np.finfo(np.float32).tiny
    small = numpy_helper.from_array(np.array([[tiny / 2, -tiny / 4], [0, tiny]], np.float32), "small")
    smaller = numpy_helper.from_array(np.array([1, tiny / 8], np.float32), "smaller")
    nodes = [helper.make_node("MatMul", ["x", "small"], ["h"]), helper.make_node("Add", ["h", "smaller"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 2])], [tensor("y", ["N", 2])], [small, smaller])
    line = denormal_weights(path, onnx.load(path))
    assert line is not None
    assert line.startswith("denormal numbers, below 1.2e-38, among its weights (3, in 'small', 'smaller')")
    onnx.save(onnx.load(path), tmp_path / "out.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    outside = tmp_path / "out.onnx"
    assert denormal_weights(outside, onnx.load(outside, load_external_data=False)) == line
    healthy = convolution(tmp_path)
    assert denormal_weights(tmp_path / "m.onnx", healthy) is None
