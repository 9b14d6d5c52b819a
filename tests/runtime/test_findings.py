"""What a graph alone shows to be slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import helper

from harness.runtime.findings import channel_step, findings
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


def test_the_step_depends_on_the_hardware() -> None:
    assert channel_step("cpu", ["avx2", "avx512f"]) == 16
    assert channel_step("cpu", ["avx2"]) == 8
    assert channel_step("cuda") == 8
