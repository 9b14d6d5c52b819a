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


def inside(odd: keras.layers.Layer, functional: bool) -> keras.Model:
    """Layers before and behind it, in a model that is a layer."""
    inner = keras.Sequential([keras.Input((10, 10, 4)), L.Conv2D(4, 3), odd, L.ReLU()], name="inner")
    if functional:
        inputs = keras.Input((10, 10, 4))
        inner = keras.Model(inputs, L.ReLU()(odd(L.Conv2D(4, 3)(inputs))), name="inner")
    return chain(L.Conv2D(4, 3), inner, L.Flatten(), L.Dense(3))


@pytest.mark.parametrize("functional", [False, True])
def test_the_layer_that_can_not_be_traced(functional: bool, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no graph of this in layer 'odd'; replace that layer"):
        onnx_from_keras(inside(Raises(name="odd"), functional), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("functional", [False, True])
def test_the_layer_that_differs(functional: bool, tmp_path: Path) -> None:
    model = inside(ComputesOtherwise(name="odd"), functional)
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


def test_a_branch_that_is_read_late_is_found() -> None:
    """What is tried gives out all that the rest reads, not only the last layer's output."""
    inputs = keras.Input((4,))
    early, x = L.Dense(4, name="early")(inputs), inputs
    for index in range(9):
        x = L.Dense(4, name=f"dense_{index}")(x)
    model = keras.Model(inputs, L.Add(name="sum")([x, early]))
    outputs: list[int] = []

    def fails(part: keras.Model) -> bool:
        outputs.append(len(part.outputs))
        return "early" in {layer.name for layer in part.layers}

    assert culprit(model, fails) == "early"
    assert max(outputs) <= 2


def test_a_layer_that_is_called_twice() -> None:
    inputs = keras.Input((4,))
    shared = L.Dense(4, name="shared")
    model = keras.Model(inputs, L.Dense(2)(shared(L.ReLU()(shared(L.Dense(4)(inputs))))))
    assert culprit(model, lambda part: "shared" in {layer.name for layer in part.layers}) == "shared"
