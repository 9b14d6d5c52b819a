"""A test that is left out with oneDNN is one in which TensorFlow computes nothing: that mark is held to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from harness.measure.answers import answers
from tests.onnx_files import cnn
from tests.without_tensorflow import nothing_computed

ONES = np.ones((2, 2), np.float32)


def compiled() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile(loss="mse")
    model.predict(ONES, verbose=0)


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (lambda: keras.ops.matmul(ONES, ONES), "MatMul"),
        (lambda: keras.layers.Dense(2).build((None, 2)), "Cast"),
        (compiled, "marked without_tensorflow, and this was in it: "),
        (lambda: subprocess.run([sys.executable, "-c", ""], check=True), "process .*python"),
    ],
)
def test_what_computes_with_it_is_told(work: Callable[[], object], told: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=told), nothing_computed():
        work()


def test_who_imports_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow")
    with pytest.raises(pytest.fail.Exception, match="import of TensorFlow"), nothing_computed():
        monkeypatch.setitem(sys.modules, "tensorflow", None)


def test_what_does_not_is_let_be_and_so_is_the_process_that_measures(tmp_path: Path) -> None:
    with nothing_computed():
        answers(cnn(tmp_path / "net.onnx"), [("image", np.zeros((1, 1, 8, 8), np.float32))], device="cpu")
        assert np.matmul(ONES, ONES).sum() == 8
