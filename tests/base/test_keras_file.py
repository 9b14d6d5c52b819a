"""Files that Keras can't load, each in one line."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

from harness.base.errors import ModelError
from harness.base.keras_file import example_shape, load_model


class Unregistered(keras.layers.Layer):
    """A layer that only this file knows."""

    def call(self, x: object) -> object:
        return x


def saved(layer: keras.layers.Layer, folder: Path) -> Path:
    path = folder / "net.keras"
    keras.Sequential([keras.Input((3,)), layer]).save(path)
    return path


def test_loads_what_was_saved(tmp_path: Path) -> None:
    """The same weights, not compiled."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(tmp_path / "net.keras")
    loaded = load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
    assert not loaded.compiled


def test_the_shape_of_an_example() -> None:
    """None where it can't be told: of several inputs, or before the model is built."""
    one, other = keras.Input((None, 4)), keras.Input((3,))
    assert example_shape(keras.Model(one, one)) == (None, 4)
    assert example_shape(keras.Model([one, other], [one, other])) is None
    assert example_shape(keras.Sequential([keras.layers.Dense(2)])) is None


def test_missing(tmp_path: Path) -> None:
    """A wrong path."""
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(ModelError, match=r"folder\.keras: is a folder; give the path of a \.keras file"):
        load_model(tmp_path / "folder.keras")
    with pytest.raises(ModelError, match=r"net\.keras: no such file; give the path of a \.keras file"):
        load_model(tmp_path / "net.keras")


def test_not_a_model(tmp_path: Path) -> None:
    """Something else under that name, an archive of something else, half a file, and a file of another kind."""
    whole = saved(keras.layers.Dense(2), tmp_path).read_bytes()
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    contents = {
        "text.keras": b"hello",
        "empty.keras": b"",
        "half.keras": whole[: len(whole) // 2],
        "net.onnx": whole,
        "archive.keras": (tmp_path / "arrays.npz").read_bytes(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            ModelError, match=r"(no \.keras file, or is cut off|can't be loaded \(.*\)); give"
        ) as raised:
            load_model(tmp_path / name)
        assert "\n" not in str(raised.value)
        assert "File not found" not in str(raised.value)


def test_lambda_is_refused_unless_trusted(tmp_path: Path) -> None:
    """A Lambda's code runs only when asked for."""
    path = saved(keras.layers.Lambda(lambda x: 2 * x), tmp_path)
    with pytest.raises(ModelError, match="holds a Lambda layer, whose code would run; use --unsafe"):
        load_model(path)
    np.testing.assert_array_equal(load_model(path, unsafe=True)(np.ones((1, 3))), 2 * np.ones((1, 3)))


def test_class_that_keras_does_not_know(tmp_path: Path) -> None:
    """A layer of the user's own."""
    path = saved(Unregistered(), tmp_path)
    with pytest.raises(ModelError, match="uses Unregistered, which Keras doesn't know; register it"):
        load_model(path)
