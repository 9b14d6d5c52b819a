"""`harness export`: the answer on stdout, one line for what is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import models
from harness.base.errors import DataError, ExportError, ModelError, SpecError, StoreError
from harness.cli.app import app
from harness.export import onnx_from_keras
from tests.export.nets import randomized, small


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    small().save(tmp_path / "net.keras")
    return tmp_path / "net.keras"


def test_writes_beside_the_model(saved: Path) -> None:
    """MODEL.onnx, compared on random examples."""
    done = CliRunner().invoke(app, ["export", str(saved)])
    assert done.exit_code == 0
    assert done.stdout.startswith(
        f"{saved.with_suffix('.onnx')}: 0.03 MB; agrees with Keras on 64 random examples, to "
    )
    assert saved.with_suffix(".onnx").is_file()


def test_json_and_data(tmp_path: Path) -> None:
    """The record as JSON and nothing else on stdout; the dataset's test examples."""
    randomized(models.build("single_conv", filters=4)).save(tmp_path / "net.keras")
    output = tmp_path / "folder" / "out.onnx"
    arguments = ["export", str(tmp_path / "net.keras"), "-o", str(output), "--data", "mnist5k", "--json"]
    answer = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert answer["path"] == str(output)
    assert answer["size_bytes"] == output.stat().st_size
    assert answer["parity"]["examples"] == 1000
    assert answer["parity"]["top1_disagreements"] == 0


def test_data_of_another_shape(saved: Path) -> None:
    """Digits for a network that takes color."""
    done = CliRunner().invoke(app, ["export", str(saved), "--data", "mnist5k"])
    assert isinstance(done.exception, DataError)
    assert "don't fit the model's input" in str(done.exception)
    assert not saved.with_suffix(".onnx").exists()


def test_a_size_that_is_not_fixed(tmp_path: Path) -> None:
    """Random examples have no size to be of; the message names the option that gives some, and they do."""
    keras.Sequential([keras.Input((None, 4)), keras.layers.GRU(3)]).save(tmp_path / "net.keras")
    done = CliRunner().invoke(app, ["export", str(tmp_path / "net.keras")])
    assert "so examples can't be invented; compare on data with --data NAME" in str(done.exception)
    np.savez(tmp_path / "steps.npz", images=np.ones((20, 6, 4)), labels=np.arange(20) % 2)
    given = CliRunner().invoke(app, ["export", str(tmp_path / "net.keras"), "--data", f"npz:{tmp_path}/steps.npz"])
    assert given.exit_code == 0


def test_a_place_that_can_not_be_written(saved: Path) -> None:
    """Found before the conversion."""
    done = CliRunner().invoke(app, ["export", str(saved), "-o", str(saved / "model.onnx")])
    assert isinstance(done.exception, StoreError)
    assert "can't be written" in str(done.exception)


def test_a_place_that_must_stay_what_it_is(saved: Path) -> None:
    """The model itself, and what is no file at all: another file may not take their place."""
    before, pipe = saved.read_bytes(), saved.parent / "pipe"
    done = CliRunner().invoke(app, ["export", str(saved), "-o", f"{saved.parent}/./net.keras"])
    assert isinstance(done.exception, StoreError)
    assert "would overwrite the input" in str(done.exception)
    assert saved.read_bytes() == before
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match="pipe: is no file that can be replaced; give another path"):
        onnx_from_keras(small(), pipe)
    assert pipe.is_fifo()


def test_missing_model(tmp_path: Path) -> None:
    """A wrong path."""
    done = CliRunner().invoke(app, ["export", str(tmp_path / "none.keras")])
    assert isinstance(done.exception, ModelError)


def test_options_of_data_without_data(saved: Path) -> None:
    """They would change nothing."""
    done = CliRunner().invoke(app, ["export", str(saved), "--limit", "5"])
    assert isinstance(done.exception, SpecError)
    assert str(done.exception) == "--limit: for --data, which is not given; give it, or leave it out"
    assert not saved.with_suffix(".onnx").exists()


def test_other_backend(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only TensorFlow's graphs can be converted, and one line says what to do; no other backend is installed here."""
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    done = CliRunner().invoke(app, ["export", str(saved)])
    assert isinstance(done.exception, ExportError)
    assert str(done.exception) == (
        "the Keras backend is jax, and ONNX export needs TensorFlow; save the model and export the file in a process "
        "with KERAS_BACKEND=tensorflow"
    )
