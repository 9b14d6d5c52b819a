"""Models and data that don't fit are findings; what can't be diagnosed at all is one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import DataError, HarnessError, ModelError, SpecError
from harness.diagnose import Diagnosis, diagnose
from tests.diagnose.cases.case import SPARSE, L, chain, digits, one_hot


def small(**options: Any) -> keras.Model:
    return chain(L.Flatten(), L.Dense(10, activation="softmax"), **options)


def diagnosed(model: keras.Model | None = None, images: Any = None, labels: Any = None, **options: Any) -> Any:
    data = digits()
    images = data.train_images[:64] if images is None else images
    labels = data.train_labels[:64] if labels is None else labels
    return diagnose(model or small(), images, labels, **{"loss": SPARSE, **options})


def first(*arguments: Any, **options: Any) -> str:
    return str(diagnosed(*arguments, **options).kinds()[0])


def test_images_that_do_not_fit_are_a_finding() -> None:
    assert first(small(shape=(32, 32, 1))) == "input-shape"
    assert first(small(), np.zeros((64, 784))) == "input-shape"


def test_a_last_axis_of_one_is_added_or_taken_away_as_keras_does() -> None:
    """Sequences for a model of one channel, and images of one channel for a model of sequences."""
    images = digits().train_images[:64]
    assert diagnosed(images=images[..., 0]).kinds() == ()
    assert diagnosed(small(shape=(28, 28)), images).kinds() == ()
    assert first(small(shape=(28, 28, 3)), images[..., 0]) == "input-shape"
    assert first(small(shape=(28, 28)), np.repeat(images, 3, axis=-1)) == "input-shape"


def test_labels_with_a_gap_want_an_output_for_the_largest() -> None:
    """24 letters, numbered to 24 with none at 9."""
    labels = np.array([k for k in range(25) if k != 9] * 3)[:64]
    found = diagnosed(labels=labels).findings[0]
    assert (found.kind, found.cure.partition(",")[0]) == ("class-count", "Give the last layer 25 outputs")
    widened = diagnosed(chain(L.Flatten(), L.Dense(25, activation="softmax")), labels=labels)
    assert [(each.kind, each.severity) for each in widened.findings] == [("class-count", "note")]
    assert "no label is 9" in widened.findings[0].what


def test_nearly_all_of_one_class_is_worth_a_note() -> None:
    labels = np.zeros(64, dtype=int)
    labels[:4] = 1
    found = diagnosed(chain(L.Flatten(), L.Dense(2, activation="softmax")), labels=labels)
    assert [(each.kind, each.severity) for each in found.findings] == [("class-imbalance", "note")]


def halved_and_doubled() -> keras.Model:
    """Pooling and upsampling beside a path that does neither: images must have even sides."""
    inputs = keras.Input((None, None, 1))
    x = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = L.Add(name="joined")([x, L.UpSampling2D()(L.MaxPooling2D()(x))])
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def test_a_layer_that_can_not_take_what_reaches_it_is_a_finding() -> None:
    """The model takes images of any size, but not of every size."""
    assert diagnosed(halved_and_doubled()).kinds() == ()
    found = diagnosed(halved_and_doubled(), np.zeros((64, 27, 27, 1)))
    assert (found.findings[0].kind, found.findings[0].where) == ("input-shape", "joined")


def test_labels_that_do_not_fit_are_a_finding() -> None:
    labels = digits().train_labels[:64]
    assert first(labels=labels[:60]) == "examples-mismatch"
    assert first(labels=one_hot(labels)) == "label-encoding"
    assert first(labels=labels + 0.5) == "label-encoding"
    assert first(labels=np.eye(12)[labels], loss="categorical_crossentropy") == "class-count"
    assert first(labels=labels.astype(str)) == "label-encoding"


def test_one_output_with_the_loss_of_several_is_told_both_ways_out() -> None:
    model = chain(L.Flatten(), L.Dense(1, activation="sigmoid"))
    (found,) = diagnosed(model, labels=digits().train_labels[:64] % 2).findings
    assert found.what == "The labels go from 0 to 1, and the model has one output"
    assert found.cure.startswith("Use loss='binary_crossentropy' with the one output, a sigmoid, or give")


def test_a_number_that_an_embedding_has_no_row_for_is_a_finding() -> None:
    """The vocabulary's words are numbered from 1, since 0 is the padding."""
    words = np.random.default_rng(0).integers(0, 51, (64, 8))
    layers = [L.Embedding(50, 4, name="words"), L.GlobalAveragePooling1D(), L.Dense(2, activation="softmax")]
    (found,) = diagnosed(chain(*layers, shape=(8,)), words, words[:, 0] % 2).findings
    assert (found.kind, found.where) == ("index-out-of-range", "words")
    assert found.cure.startswith("Use input_dim=51")


def test_nan_is_a_finding_wherever_it_is() -> None:
    images = digits().train_images[:64].copy()
    images[3, 0, 0, 0] = np.nan
    assert first(images=images) == "data-not-finite"
    model = small()
    model.layers[-1].bias.assign(np.full(10, np.nan))
    found = diagnosed(model)
    assert found.kinds() == ("weights-not-finite",)
    assert found.findings[0].where == model.layers[-1].name


def test_soft_labels_and_labels_of_several_classes_are_no_mistake() -> None:
    """Rows as label smoothing makes them, and rows for more than one class at once."""
    rows = one_hot(digits().train_labels[:64])
    assert not diagnosed(labels=0.9 * rows + 0.01, loss="categorical_crossentropy").stops_learning
    several = np.maximum(rows, np.roll(rows, 1, axis=1))
    model = chain(L.Flatten(), L.Dense(10, activation="sigmoid"))
    assert not diagnosed(model, labels=several, loss="binary_crossentropy").stops_learning


def test_only_hinge_takes_a_label_of_minus_one() -> None:
    """And not one of -2, nor for a Softmax of ten classes."""
    signs = 2 * (digits().train_labels[:64] % 2) - 1
    model = chain(L.Flatten(), L.Dense(1, activation="tanh"))
    assert not diagnosed(model, labels=signs, loss="squared_hinge").stops_learning
    assert first(model, labels=signs - 1, loss="squared_hinge") == "class-count"
    assert first(labels=signs) == "class-count"
    (found,) = diagnosed(model, labels=signs, loss="binary_crossentropy").findings
    assert found.what.endswith("the model has one output, which tells 0 and 1 apart")
    assert found.cure == "Number the two classes 0 and 1"


def test_a_loss_of_the_users_own_gets_the_labels_as_they_are() -> None:
    def own(labels: Any, outputs: Any) -> Any:
        assert labels.shape == (64,)
        return keras.losses.sparse_categorical_crossentropy(labels, outputs)

    assert not diagnosed(loss=own).stops_learning


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


@pytest.mark.parametrize("rate", [0.0, 1e30])
def test_a_learning_rate_that_is_out_of_all_bounds_is_a_finding(rate: float) -> None:
    """Also where its tenth, hundredth and thousandth are no better; there is no power of ten of zero.

    With some first weights the steps of 1e30 happen to end at a loss of zero, so these are always the same.
    """
    keras.utils.set_random_seed(1)
    model = small()
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=SPARSE)
    assert first(model, loss=None) == ("learning-rate-high" if rate else "learning-rate-low")


def test_layers_may_be_called_what_tensorflow_can_not_train() -> None:
    """And are called so in the findings."""
    model = chain(L.Flatten(), L.Dense(16, name="größe 大"), L.Dense(10, activation="softmax", name="a:0"))
    assert [finding.where for finding in diagnosed(model).findings] == ["größe 大"]


def test_harness_diagnose_is_the_same_function() -> None:
    data = digits()
    found = harness.diagnose(small(), data.train_images, data.train_labels, loss=SPARSE)
    assert isinstance(found, Diagnosis)
    assert found.kinds() == ()


def test_the_model_is_not_changed() -> None:
    """Nor its weights, nor its optimizer, though steps are rehearsed."""
    model = small()
    model.compile(optimizer="adam", loss=SPARSE)
    before = [weight.copy() for weight in model.get_weights()]
    diagnosed(model, loss=None)
    assert int(model.optimizer.iterations) == 0
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
