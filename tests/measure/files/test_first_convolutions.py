"""Channels that a file leaves open, and that its first convolution knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import TensorProto, helper

from harness.measure.files.model_file import read_model
from harness.measure.inputs.declared import Shape
from tests.onnx_files import Shape as Declared
from tests.onnx_files import save, tensor, weight


def convolution(path: Path, shape: Declared | None, groups: int = 1, cast: bool = False) -> Path:
    nodes = [helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT)] if cast else []
    nodes.append(helper.make_node("Conv", ["floats" if cast else "image", "kernel"], ["maps"], group=groups))
    kind = TensorProto.UINT8 if cast else TensorProto.FLOAT
    return save(path, nodes, [tensor("image", shape, kind)], [tensor("maps", None)], [weight("kernel", (4, 3, 3, 3))])


@pytest.mark.parametrize(
    ("declared", "groups", "cast", "shape"),
    [
        (["N", "C", "H", "W"], 1, False, (None, 3, None, None)),
        (None, 1, False, (None, 3, None, None)),
        ([None, None, 8, 8], 2, False, (None, 6, 8, 8)),
        (["N", "C", "H", "W"], 1, True, (None, 3, None, None)),
        ([2, 3, 8, 8], 1, False, (2, 3, 8, 8)),
    ],
)
def test_open_channels_are_those_of_the_kernel(
    tmp_path: Path, declared: Declared | None, groups: int, cast: bool, shape: Shape
) -> None:
    assert read_model(convolution(tmp_path / "net.onnx", declared, groups, cast)).inputs[0].shape == shape


def test_what_no_convolution_reads_stays_open(tmp_path: Path) -> None:
    """Channels last: the axes are moved before the convolution."""
    nodes = [
        helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "kernel"], ["maps"]),
    ]
    sizes = [tensor("image", ["N", "H", "W", "C"])]
    path = save(tmp_path / "net.onnx", nodes, sizes, [tensor("maps", None)], [weight("kernel", (4, 3, 3, 3))])
    assert read_model(path).inputs[0].shape == (None, None, None, None)
