"""The same model gives the same bytes, so that an artifact's address says what is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from harness.base.store import file_digest
from harness.export import onnx_from_keras
from tests.export.nets import NETS, L, chain, small, squeeze_excite

EXPORT = """
import sys
from pathlib import Path
from harness.export import onnx_from_keras
from harness.base.keras_file import load_model
for path in map(Path, sys.argv[1:]):
    onnx_from_keras(load_model(path), path.with_suffix(".onnx"))
"""


def test_layer_counters_do_not_show(tmp_path: Path) -> None:
    """The second network of a process has other automatic names than the first, and the same bytes."""
    for index in (0, 1):
        onnx_from_keras(squeeze_excite(), tmp_path / f"{index}.onnx")
    assert file_digest(tmp_path / "0.onnx") == file_digest(tmp_path / "1.onnx")


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    """A model that went through a file."""
    model = small()
    model.save(tmp_path / "net.keras")
    onnx_from_keras(model, tmp_path / "0.onnx")
    onnx_from_keras(keras.models.load_model(tmp_path / "net.keras"), tmp_path / "1.onnx")
    assert file_digest(tmp_path / "0.onnx") == file_digest(tmp_path / "1.onnx")


def test_no_trace_of_the_process(tmp_path: Path) -> None:
    """Neither the converter's counters nor the model's name are in the file."""
    onnx_from_keras(small(), tmp_path / "net.onnx")
    onnx_from_keras(chain(L.Bidirectional(L.GRU(3)), L.Dense(2), shape=(5, 4)), tmp_path / "loop.onnx")
    for data in ((tmp_path / name).read_bytes() for name in ("net.onnx", "loop.onnx")):
        for trace in (b"__", b"sequential", b"conv2d", b"tf2onnx", b"StatefulPartitionedCall", b"while", b"gru"):
            assert trace not in data


@pytest.mark.slow
def test_other_processes_write_the_same(tmp_path: Path) -> None:
    """Whatever the seed of Python's hashes, which orders sets, and so the converter's work."""
    nets = {name.replace(" ", "-"): build() for name, build in NETS.items()}
    for name, model in nets.items():
        model.save(tmp_path / f"{name}.keras")
    digests = []
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        paths = [str(tmp_path / f"{name}.keras") for name in nets]
        subprocess.run([sys.executable, "-c", EXPORT, *paths], env=environment, check=True, capture_output=True)
        digests.append({name: file_digest(tmp_path / f"{name}.onnx") for name in nets})
    assert digests[0] == digests[1] == digests[2]
