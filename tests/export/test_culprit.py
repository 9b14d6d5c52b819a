"""The layer that makes an export fail is named, also inside another model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from harness.base.errors import ExportError, ParityError
from harness.export import export, onnx_from_keras
from harness.export.culprit import culprit
from tests.export.nets import L, chain, examples, small


class Raises(L.Layer):
    """Fails where it is traced into a graph."""

    def call(self, x: Any) -> Any:
        import tensorflow as tf

        if not isinstance(x, keras.KerasTensor) and not tf.executing_eagerly():
            raise ValueError("no graph of this.")
        return x

    def compute_output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape


class ComputesOtherwise(Raises):
    """Computes something else in a graph than by itself."""

    def call(self, x: Any) -> Any:
        import tensorflow as tf

        return x + 1.0 if tf.executing_eagerly() else x + 1.5


def inside(odd: keras.layers.Layer) -> keras.Model:
    """Layers before and behind it, in a model that is a layer."""
    inner = keras.Sequential([keras.Input((10, 10, 4)), L.Conv2D(4, 3), odd, L.ReLU()], name="inner")
    return chain(L.Conv2D(4, 3), inner, L.Flatten(), L.Dense(3))


def test_the_layer_that_can_not_be_traced(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no graph of this in layer 'odd'; replace that layer"):
        onnx_from_keras(inside(Raises(name="odd")), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_the_layer_that_differs(tmp_path: Path) -> None:
    model = inside(ComputesOtherwise(name="odd"))
    with pytest.raises(ParityError, match="it starts to differ in layer 'odd'; replace that layer"):
        export(model, tmp_path / "net.onnx", examples(model))
    assert not list(tmp_path.iterdir())


def test_the_first_of_several_is_found_by_few_tries() -> None:
    model = chain(*(L.Dense(3, name=f"dense_{index}") for index in range(20)), shape=(3,))
    tried: list[int] = []

    def fails(part: keras.Model) -> bool:
        tried.append(len(part.layers))
        return {"dense_13", "dense_17"} & {layer.name for layer in part.layers} != set()

    assert culprit(model, fails) == "dense_13"
    assert len(tried) <= 6


def test_no_part_of_the_model_is_to_blame() -> None:
    assert culprit(small(), lambda part: False) is None
