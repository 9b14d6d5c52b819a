"""Where nodes run: from onnxruntime's own records, and never from the list of providers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from harness.base.errors import DeviceError, MeasureError
from harness.measure.group import placement
from harness.measure.runtime.placement import device_of, fallen, observe, open_placed, require_cuda
from harness.measure.runtime.session import CPU, CUDA, SessionSettings, open_session
from tests.onnx_files import cnn, constant, save, tensor

FEED = {"image": np.zeros((1, 1, 8, 8), np.float32)}


def observed(*ran: tuple[str, str, str, list[str]]) -> dict[str, Any]:
    """Records as a machine with a GPU writes them."""
    return {"assigned": [entry[:3] for entry in ran], "ran": ran}


ALL_ON_CUDA = observed((CUDA, "conv", "Conv", ["float"]), (CUDA, "dense", "MatMul", ["float"]))
SHAPES_ON_CPU = observed(
    (CUDA, "conv", "Conv", ["float"]), (CPU, "size", "Shape", ["int64"]), (CPU, "join", "Concat", ["int64"])
)
PART_ON_CPU = observed((CUDA, "conv", "Conv", ["float"]), (CPU, "odd", "NonMaxSuppression", ["float", "int64"]))
ALL_ON_CPU = observed((CPU, "conv", "Conv", ["float"]))


def test_both_records_of_a_real_session_name_every_node(tmp_path: Path) -> None:
    path = cnn(tmp_path / "a.onnx")
    settings = SessionSettings()
    found = observe(open_session(path, settings), path, FEED, settings)
    assert [(provider, node, operator) for provider, node, operator in found["assigned"]] == [
        (CPU, "conv", "Conv"),
        (CPU, "relu", "Relu"),
        (CPU, "flatten", "Flatten"),
        (CPU, "dense", "MatMul"),
    ]
    assert {entry[0] for entry in found["ran"]} == {CPU}
    assert {"Conv", "MatMul"} <= {entry[2].removeprefix("Fused") for entry in found["ran"]}


@pytest.mark.parametrize(
    ("records", "device"),
    [(ALL_ON_CUDA, "cuda"), (SHAPES_ON_CPU, "cuda"), (PART_ON_CPU, "cuda+cpu"), (ALL_ON_CPU, "cpu")],
)
def test_the_device_is_what_ran(records: dict[str, Any], device: str) -> None:
    """Computing a shape on the CPU is onnxruntime's design; computing data there is a fall."""
    assert device_of(records) == device


def test_cuda_is_required_of_every_node_that_computes_data() -> None:
    require_cuda("model.onnx", ALL_ON_CUDA)
    require_cuda("model.onnx", SHAPES_ON_CPU)
    assert fallen(PART_ON_CPU) == ["'odd' (NonMaxSuppression)"]
    with pytest.raises(DeviceError, match=r"node 'odd' \(NonMaxSuppression\) falls to the CPU; use --device auto"):
        require_cuda("model.onnx", PART_ON_CPU)
    with pytest.raises(DeviceError, match=r"CUDA does not run here, node 'conv' \(Conv\)"):
        require_cuda("model.onnx", ALL_ON_CPU)


def test_shapes_and_copies_on_the_way_are_listed(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["size"], name="size", start=0, end=1),
        helper.make_node("Concat", ["size", "rest"], ["shape"], name="join", axis=0),
        helper.make_node("ConstantOfShape", ["shape"], ["y"], name="zeros"),
    ]
    path = save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 2, 3])], [tensor("y", None)], [constant("rest", [6])])
    found = placement(path, "cpu")
    assert found.on_the_way == ("'size' (Shape) on CPUExecutionProvider",)
    assert [node for _, node, _ in found.assigned] == ["size", "join", "zeros"]


def test_auto_runs_and_says_where(tmp_path: Path) -> None:
    session, where = open_placed(cnn(tmp_path / "a.onnx"), "auto", FEED, threads=1)
    assert where in ("cpu", "cuda", "cuda+cpu")
    assert session.run(None, FEED)[0].shape == (1, 10)


def test_cuda_that_does_not_run_is_refused_with_the_node_named(tmp_path: Path) -> None:
    """Also where onnxruntime lists CUDA as available, and would silently run on the CPU."""
    path = cnn(tmp_path / "a.onnx")
    if open_placed(path, "auto", FEED, threads=1)[1] != "cpu":
        pytest.skip("CUDA runs here")
    with pytest.raises(DeviceError, match=r"CUDA"):
        open_placed(path, "cuda", FEED, threads=1)
    with pytest.raises(DeviceError, match=r"CUDA"):
        placement(path, "cuda")


def test_what_can_not_be_run_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"broken")
    with pytest.raises(MeasureError, match=r"broken.onnx: can't be (run|loaded): Load model from") as failed:
        open_placed(path, "auto", FEED, threads=1)
    assert "\n" not in str(failed.value)
