"""What only a GPU can show. Skipped, with the reason, where onnxruntime does not really run on one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from harness.base.errors import DeviceError
from harness.measure.accuracy import evaluate
from harness.measure.group import placement
from harness.measure.protocol import measure
from harness.measure.runtime.environment import gpus
from harness.measure.runtime.session import CUDA
from harness.measure.runtime.usable import usable_device
from harness.spec import Device, MeasureSpec
from tests.onnx_files import cnn, save, tensor

DEVICES: tuple[Device, Device] = ("cuda", "cpu")


@cache
def cuda_runs() -> bool:
    return usable_device("auto") != "cpu"


@pytest.fixture(autouse=True)
def _needs_a_gpu() -> None:
    if not cuda_runs():
        pytest.skip("CUDA does not run here: no GPU, no driver, or no CUDA 13 and cuDNN 9 libraries")


pytestmark = pytest.mark.cuda


def test_every_node_of_a_network_runs_on_cuda(tmp_path: Path) -> None:
    found = placement(cnn(tmp_path / "a.onnx"), "cuda")
    assert {provider for provider, _, _ in found.assigned} == {CUDA}


def falls_back(path: Path) -> Path:
    """A network with an operator for which onnxruntime has no CUDA kernel."""
    nodes = [
        helper.make_node("Relu", ["image"], ["active"], name="relu"),
        helper.make_node("Unique", ["active"], ["scores"], name="only_on_cpu"),
    ]
    return save(path, nodes, [tensor("image", ["N", 1, 8, 8])], [tensor("scores", ["M"])])


def test_a_part_that_falls_to_the_cpu_is_refused_and_named(tmp_path: Path) -> None:
    path = falls_back(tmp_path / "part.onnx")
    with pytest.raises(DeviceError, match=r"node 'only_on_cpu' \(Unique\) falls to the CPU"):
        placement(path, "cuda")
    with pytest.raises(DeviceError, match="only_on_cpu"):
        measure([path], MeasureSpec(device="cuda", batch_sizes=(1,), budget_s=1))


def test_auto_measures_it_and_says_so_and_lists_the_copies(tmp_path: Path) -> None:
    found = measure([falls_back(tmp_path / "part.onnx")], MeasureSpec(batch_sizes=(1,), budget_s=1))
    assert found.rows[0].device == "cuda+cpu"
    assert found.models[0].placement is not None
    assert any("MemcpyToHost" in line for line in found.models[0].placement.on_the_way)


def test_all_three_modes_are_measured_apart(tmp_path: Path) -> None:
    spec = MeasureSpec(device="cuda", batch_sizes=(1, 2), modes=("end_to_end", "device", "cuda_graph"), budget_s=10)
    found = measure([cnn(tmp_path / "a.onnx"), cnn(tmp_path / "b.onnx", 64)], spec)
    assert [row.error for row in found.rows] == [None] * 12
    assert {row.device for row in found.rows} == {"cuda"}
    assert all(row.launches for row in found.rows)


def test_options_and_memory_of_the_gpu_are_recorded(tmp_path: Path) -> None:
    options = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
    spec = MeasureSpec(device="cuda", batch_sizes=(1,), budget_s=1, provider_options=options)
    found = measure([cnn(tmp_path / "a.onnx")], spec)
    assert {name: found.models[0].provider_options[name] for name in options} == options
    assert found.rows[0].gpu_bytes is not None
    assert found.environment["gpus"] == gpus()
    assert found.environment["gpus"][0]["driver_version"]


def test_accuracy_on_the_gpu_is_that_of_the_cpu(tmp_path: Path) -> None:
    path = cnn(tmp_path / "a.onnx")
    rng = np.random.default_rng(0)
    images, labels = rng.random((300, 1, 8, 8)).astype(np.float32), rng.integers(0, 10, 300)
    on_gpu, on_cpu = (evaluate(path, images, labels, device=device) for device in DEVICES)
    assert on_gpu.device == "cuda"
    assert abs(on_gpu.hits - on_cpu.hits) <= 1
