"""Networks that are no chain: shared layers, branches, models inside models, several inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.prune.nets import array, randomised
from tests.prune.recover.reconstruct.twins import COPIES, SUMS, cut_and_reconstructed, inputs_for, outputs, tell

L = keras.layers
NARROW = 1e-4
IMAGE = (9, 8, 3)


def conv(filters: int, size: int, name: str, **options: Any) -> Any:
    return L.Conv2D(filters, size, padding="same", name=name, **options)


def told(model: keras.Model, maker: Any, channels: Any) -> keras.Model:
    tell(randomised(model, 3) and maker, channels)
    return model


def shared() -> tuple[keras.Model, str]:
    """One layer on a tensor and on what ReLU makes of it: copies are copies in both."""
    image, maker, twice = keras.Input(IMAGE), conv(6, 3, "maker"), conv(5, 3, "twice")
    x = maker(image)
    both = L.Add()([twice(x), twice(L.ReLU()(x))])
    return told(keras.Model(image, L.Dense(3)(L.Flatten()(both))), maker, COPIES), "maker"


def branches() -> tuple[keras.Model, str]:
    """An Add, a Multiply and a Concatenate; a BatchNormalization over what is joined."""
    image, maker = keras.Input(IMAGE), conv(6, 3, "maker")
    x = maker(image)
    one, other = conv(6, 3, "one")(x), L.BatchNormalization()(conv(6, 1, "other", use_bias=False)(x))
    joined = L.BatchNormalization()(L.Concatenate()([L.Add()([one, other]), L.Multiply()([one, other])]))
    ends = L.Dense(3)(L.GlobalAveragePooling2D()(conv(4, 3, "last", activation="relu")(joined)))
    return told(keras.Model(image, ends), maker, SUMS), "maker"


def joined_before() -> tuple[keras.Model, str]:
    """Channels that a Concatenate carries past a BatchNormalization beside others that nothing was removed of."""
    image, maker = keras.Input(IMAGE), conv(6, 3, "maker")
    joined = L.BatchNormalization()(L.Concatenate()([conv(3, 1, "beside")(image), maker(image)]))
    model = told(keras.Model(image, L.Dense(3)(L.Flatten()(conv(4, 3, "last")(joined)))), maker, SUMS)
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            tell(layer, {4: (3,), 7: (6,)})
    tell(maker, COPIES)
    return model, "maker"


def gate() -> tuple[keras.Model, str]:
    """Squeeze and excite: what is removed is gated, and goes into the gate."""
    image, maker = keras.Input(IMAGE), conv(6, 3, "maker")
    x = maker(image)
    excite = L.Dense(6, activation="sigmoid", name="excite")
    gated = excite(L.Dense(4, activation="relu", name="squeeze")(L.GlobalAveragePooling2D()(x)))
    wide = L.Multiply()([x, L.Reshape((1, 1, 6))(gated)])
    model = told(keras.Model(image, L.Dense(3)(L.Flatten()(conv(4, 3, "last")(wide)))), maker, COPIES)
    tell(excite, COPIES)
    return model, "maker"


def each_step() -> tuple[keras.Model, str]:
    """A model inside TimeDistributed, and a layer inside another."""
    image, maker = keras.Input(IMAGE), conv(6, 3, "maker")
    inner = keras.Model(image, L.GlobalAveragePooling2D()(conv(5, 3, "behind")(maker(image))), name="inner")
    steps = keras.Input((4, *IMAGE))
    each = L.TimeDistributed(L.Dense(4))(L.TimeDistributed(inner, name="each")(steps))
    return told(keras.Model(steps, L.Dense(3)(L.Flatten()(each))), maker, SUMS), "each/maker"


def nested() -> tuple[keras.Model, str]:
    """A model inside the model, used twice, that reads what is removed."""
    given = keras.Input((9, 8, 6))
    inner = keras.Model(given, conv(5, 3, "behind")(given), name="inner")
    image, maker, beside = keras.Input(IMAGE), conv(6, 3, "maker"), conv(6, 1, "beside")
    both = L.Add()([inner(maker(image)), inner(L.Add()([maker(image), beside(image)]))])
    model = told(keras.Model(image, L.Dense(3)(L.Flatten()(both))), maker, SUMS)
    tell(beside, SUMS)
    return model, "maker"


def several() -> tuple[keras.Model, str]:
    """Two inputs and two outputs."""
    first, second, maker = keras.Input((9,)), keras.Input((5,)), L.Dense(6, name="maker")
    joined = L.Concatenate()([maker(first), L.Dense(4)(second)])
    deep = L.Dense(2)(L.Dense(4, activation="relu")(joined))
    return told(keras.Model([first, second], [L.Dense(3)(joined), deep]), maker, SUMS), "maker"


def masked() -> tuple[keras.Model, str]:
    """Steps that a mask leaves out of an average, also behind a layer that was stopped at."""
    steps, maker = keras.Input((9, 3)), L.Dense(6, name="maker")
    x = L.Dense(5, activation="tanh", name="behind")(maker(L.Masking()(L.ReLU()(steps))))
    x = L.Dense(4, activation="relu", name="further")(L.Dense(5, name="again")(x))
    return told(keras.Model(steps, L.Dense(3)(L.GlobalAveragePooling1D()(x))), maker, SUMS), "maker"


def at_a_time() -> tuple[keras.Model, str]:
    """A batch size that the model states."""
    given, maker = keras.Input(batch_shape=(4, 9)), L.Dense(6, name="maker")
    return told(keras.Model(given, L.Dense(3)(L.Dense(5)(maker(given)))), maker, SUMS), "maker"


NETWORKS: list[Callable[[], tuple[keras.Model, str]]] = [
    shared, branches, joined_before, gate, each_step, nested, several, masked, at_a_time,
]  # fmt: skip


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
def test_what_other_channels_tell_is_regained(build: Callable[[], tuple[keras.Model, str]]) -> None:
    model, maker = build()
    found = cut_and_reconstructed(model, {maker: [1, 4]})
    assert found.before > 0.05
    assert found.after < NARROW
    assert found.report.kept == {}


def test_the_original_is_only_read_and_what_is_exact_is_left() -> None:
    """Of the cut network nothing changes in front of the gap, nor where nothing reads what is behind it."""
    model, _ = branches()
    before = [array(weight) for weight in model.weights]
    found = cut_and_reconstructed(model, {"one": [1, 4]})
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(array(weight), value)
    for layer in ("maker", "one", "other"):
        own = [np.sort(array(weight).ravel()) for weight in model.get_layer(layer).weights]
        for value, weight in zip(own, found.model.get_layer(layer).weights, strict=True):
            assert np.isin(array(weight).ravel(), value).all()
    assert found.solved("last")


def test_a_layer_that_reads_what_it_makes_is_solved_only_where_that_is_nearer() -> None:
    given, twice = keras.Input((9,)), L.Dense(6, name="twice", activation="tanh")
    maker = L.Dense(6, name="maker")
    model = randomised(keras.Model(given, L.Dense(3)(twice(twice(maker(given))))), 3)
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    assert found.after < found.before


def test_what_has_no_closed_form_keeps_its_weights_and_is_named() -> None:
    given, maker = keras.Input((9, 3)), L.Conv1D(6, 3, padding="same", name="maker")
    behind = L.Dense(5, name="behind")(L.ReLU()(maker(given)))
    lstm = L.LSTM(4, name="lstm")
    model = randomised(keras.Model(given, L.Dense(3, name="last")(lstm(behind))), 3)
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    assert found.report.kept == {"lstm": "LSTM has no closed form here"}
    for weight, own in zip(found.model.get_layer("lstm").weights, lstm.weights, strict=True):
        np.testing.assert_array_equal(array(weight), array(own))
    assert found.solved("behind")
    assert found.solved("last")
    assert found.after < found.before


@keras.saving.register_keras_serializable("tests")
class Bent(L.Dense):
    """Called a Dense layer, and none."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.sin(super().call(inputs))


def test_a_layer_of_ones_own_is_not_taken_for_what_it_inherits_from() -> None:
    given, maker = keras.Input((9,)), L.Dense(6, name="maker")
    x = L.Dense(5, name="behind")(L.ReLU()(maker(given)))
    model = randomised(keras.Model(given, L.Dense(3)(Bent(4, name="bent")(x))), 3)
    assert cut_and_reconstructed(model, {"maker": [1, 4]}).report.kept == {"bent": "Bent has no closed form here"}


def test_statistics_are_measured_where_the_original_s_were() -> None:
    """A BatchNormalization whose statistics are those of its input has them again behind what can't be regained."""
    from harness.prune.recover.recalibrate import recalibrate

    image, norm = keras.Input(IMAGE), L.BatchNormalization(name="norm")
    x = L.ReLU()(conv(6, 3, "maker")(image))
    model = randomised(keras.Model(image, L.Dense(3)(L.Flatten()(norm(conv(5, 3, "behind")(x))))), 3)
    (images,) = inputs_for(model, 120, 0)
    recalibrate(model, images)
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    again = found.model.get_layer("norm")
    read = keras.Model(found.model.inputs, found.model.get_layer("behind").output)
    made = outputs(read, [images]).reshape(-1, 5)
    spread = made.std(axis=0)
    assert (np.abs(array(again.moving_mean) - made.mean(axis=0)) < 0.02 * spread).all()
    np.testing.assert_allclose(array(again.moving_variance), made.var(axis=0), rtol=0.05)
    own = norm
    assert not np.allclose(array(own.moving_variance), array(again.moving_variance), rtol=0.02)
