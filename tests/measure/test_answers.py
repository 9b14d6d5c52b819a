"""What a model answers in a process of its own, and what becomes of one that can't."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.base.errors import DeviceError, MeasureError
from harness.measure.answers import answers
from harness.measure.memory import peak_memory
from harness.measure.protocol import measure
from harness.measure.row import MeasuredRow
from harness.measure.runtime.session import CUDA, SessionSettings, load_runtime, open_session
from harness.spec import MeasureSpec
from tests.onnx_files import classifier, cnn, runs_forever

IMAGES = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)


def test_it_answers_as_a_session_here_does(tmp_path: Path) -> None:
    path = cnn(tmp_path / "net.onnx")
    found = answers(path, [("image", IMAGES)], device="cpu")
    expected = open_session(path, SessionSettings()).run(None, {"image": IMAGES})
    np.testing.assert_allclose(found.outputs[0], expected[0], rtol=1e-6)
    assert found.device == "cpu"
    assert {operator for _, _, operator, _ in found.placement.ran} >= {"MatMul"}


def test_what_can_not_be_run_is_told_in_a_line(tmp_path: Path) -> None:
    path = cnn(tmp_path / "net.onnx")
    with pytest.raises(MeasureError, match="can't be run: "):
        answers(path, [("image", IMAGES[:, :, :4])], device="cpu")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(MeasureError, match="can't be loaded: "):
        answers(tmp_path / "text.onnx", [("image", IMAGES)], device="cpu")
    with pytest.raises(MeasureError, match="text, lists or maps"):
        answers(classifier(tmp_path / "labels.onnx"), [("x", np.ones((2, 4), np.float32))], device="cpu")


def test_a_model_that_never_ends_is_ended(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="the worker hung"):
        answers(runs_forever(tmp_path / "loop.onnx"), [("image", IMAGES)], device="cpu", timeout_s=3.0)


def test_cuda_is_refused_where_there_is_none(tmp_path: Path) -> None:
    if CUDA in load_runtime().get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(DeviceError, match="has no CUDA"):
        answers(cnn(tmp_path / "net.onnx"), [("image", IMAGES)], device="cuda")


def test_memory_is_that_of_each_process(tmp_path: Path) -> None:
    spec = MeasureSpec(device="cpu", batch_sizes=(1,))
    peaks = peak_memory(cnn(tmp_path / "net.onnx"), spec, {"image": IMAGES}, 2)
    assert len(peaks) == 2
    assert all(1e7 < peak < 1e9 for peak in peaks)


def test_a_measurement_ends_when_enough_is_known(tmp_path: Path) -> None:
    asked: list[int] = []

    def two(rows: list[MeasuredRow]) -> bool:
        asked.append(len(rows[0].launches))
        return len(asked) == 2

    spec = MeasureSpec(device="cpu", batch_sizes=(1,), budget_s=60)
    found = measure([cnn(tmp_path / "net.onnx")], spec, inputs={"image": IMAGES}, until=two)
    assert asked == [1, 2]
    assert (found.stopped, found.launches) == ("decided", 2)
