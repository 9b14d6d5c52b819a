"""What a latency table is kept under."""

from __future__ import annotations

import keras

from harness.measure.latency.conditions import conditions
from harness.prune.data.given import Data
from harness.prune.price.keras_network import KerasNetwork
from harness.prune.price.pricing import key
from harness.spec import MeasureSpec
from tests.prune.nets import chain

SPEC = MeasureSpec(batch_sizes=(1,))


def key_of(model: keras.Model, **changed: object) -> dict[str, object]:
    return key(KerasNetwork.of(model, Data.given(None, 0)), [0, 1], conditions(SPEC, "cpu") | changed)


def test_the_same_architecture_has_the_same_key_whatever_its_weights_and_names() -> None:
    assert key_of(chain()) == key_of(chain())


def test_other_hardware_runtime_device_threads_and_batches_have_other_keys() -> None:
    ours = key_of(chain())
    for name in ("cpu", "cpu_flags", "onnxruntime", "device", "threads", "batch_sizes"):
        assert key_of(chain(), **{name: "another"}) != ours


def test_what_changes_the_kernels_changes_the_key() -> None:
    def net(activation: str) -> keras.Model:
        return keras.Sequential(
            [keras.Input((8, 8, 3)), keras.layers.Conv2D(8, 3, activation=activation), keras.layers.Flatten()]
        )

    assert key_of(net("relu")) != key_of(net("tanh"))
