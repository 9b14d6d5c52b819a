"""What can't be diagnosed at all is one line, that says what to give instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from harness.base.errors import DataError, HarnessError, ModelError, SpecError
from harness.diagnose import diagnose
from tests.diagnose.cases.case import SPARSE, L, chain, digits
from tests.diagnose.small import diagnosed, small


def test_a_missing_loss_is_asked_for_by_name() -> None:
    with pytest.raises(SpecError, match=r"loss is missing, .* give loss='sparse_categorical_crossentropy'"):
        diagnosed(loss=None)


def test_the_loss_and_optimizer_of_a_compiled_model_are_used() -> None:
    model = small()
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss=SPARSE)
    found = diagnosed(model, loss=None)
    assert (found.loss, found.optimizer, found.learning_rate) == (SPARSE, "SGD", 0.05)


class Subclassed(keras.Model):  # type: ignore[misc] # Keras has no types
    def call(self, images: Any) -> Any:
        return images


def two_outputs() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = L.Flatten()(inputs)
    return keras.Model(inputs, [L.Dense(10)(x), L.Dense(2)(x)])


def two_inputs() -> keras.Model:
    image, number = keras.Input((28, 28, 1)), keras.Input((3,))
    x = L.Concatenate(name="met")([L.Flatten()(image), L.Dense(4)(number)])
    return keras.Model([image, number], L.Dense(10, activation="softmax")(L.Dense(8)(x)))


@pytest.mark.parametrize(("make", "shape"), [(two_outputs, None), (two_inputs, (None, 788))])
def test_the_way_to_a_model_of_one_input_and_output_works(
    make: Callable[[], keras.Model], shape: tuple[int | None, ...] | None
) -> None:
    """The Python that the message gives is run, and its model is diagnosed."""
    model = make()
    data = digits()
    images, labels = data.train_images, data.train_labels
    with pytest.raises(ModelError) as caught:
        diagnose(model, images, labels, loss=SPARSE)
    (cure,) = re.findall(r"keras\.Model\((?:[^()]|\([^()]*\))*\)", str(caught.value))
    cut = eval(cure, {"keras": keras, "model": model})
    assert (len(cut.inputs), len(cut.outputs)) == (1, 1)
    assert shape is None or cut.input_shape == shape
    made = np.random.default_rng(0).random((len(labels), *cut.input_shape[1:]), np.float32)
    diagnose(cut, made if shape else images, labels, loss=SPARSE)


def quantized() -> keras.Model:
    model = chain(L.Flatten(), L.Dense(16, activation="relu", name="wide"), L.Dense(10, activation="softmax"))
    model.get_layer("wide").quantize("int8")
    return model


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda: {"model": Subclassed()}, ModelError, "is subclassed, so its layers can't be seen"),
        (lambda: {"model": keras.Sequential([L.Dense(3)])}, ModelError, "is not built; give it an Input layer"),
        (lambda: {"model": two_outputs()}, ModelError, "has 1 inputs and 2 outputs"),
        (lambda: {"model": two_inputs()}, ModelError, "has 2 inputs and 1 outputs; diagnose takes a model with one of"),
        (lambda: {"model": "net.keras"}, ModelError, "expected a Keras model, not str"),
        (
            lambda: {"model": chain(L.Flatten(), L.Dense(1)), "labels": np.linspace(0, 1, 64), "loss": "mse"},
            ModelError,
            "predicts numbers, not classes",
        ),
        (lambda: {"model": chain(L.Flatten(), L.Dense(1)), "loss": "mse"}, ModelError, "predicts numbers, not classes"),
        (lambda: {"model": chain(L.Conv2D(10, 3))}, ModelError, "gives an output of 26x26x10 for an example"),
        (lambda: {"images": np.zeros((0, 28, 28, 1))}, DataError, "there are no images"),
        (lambda: {"images": zip([1], [2], strict=True)}, DataError, "the images are one zip; give them as an array"),
        (lambda: {"labels": []}, DataError, "there are no labels"),
        (lambda: {"images": [[1, 2], [3]]}, DataError, "the images are not all of one shape"),
        (lambda: {"images": np.full((64, 28, 28, 1), "x")}, DataError, "the images are <U1, not numbers"),
        (lambda: {"loss": "crossentropie"}, SpecError, "loss = 'crossentropie' is unknown"),
        (lambda: {"optimizer": "adamant"}, SpecError, "optimizer = 'adamant' is unknown"),
        (lambda: {"learning_rate": 0.0}, SpecError, r"learning_rate = 0\.0 can't be used"),
        (lambda: {"learning_rate": "fast"}, SpecError, "learning_rate = 'fast' can't be used"),
        (lambda: {"optimizer": keras.optimizers.SGD(float("nan"))}, SpecError, "learning rate is nan"),
        (lambda: {"model": quantized()}, ModelError, "layer 'wide' is quantized, and can't learn"),
        (lambda: {"history": []}, SpecError, "history can't be read"),
        (lambda: {"history": 0}, SpecError, "history can't be read"),
        (lambda: {"history": {"loss": "123"}}, SpecError, "history can't be read"),
        (lambda: {"history": {"loss": {"0": 1.0}}}, SpecError, "history can't be read"),
        (lambda: {"history": {"loss": 3.0}}, SpecError, "history can't be read"),
        (lambda: {"history": {"loss": ["high"]}}, SpecError, "history can't be read"),
    ],
)
def test_what_can_not_be_diagnosed_is_one_line(change: Any, kind: type[HarnessError], message: str) -> None:
    with pytest.raises(kind, match=message) as raised:
        diagnosed(**change())
    assert "\n" not in str(raised.value)
