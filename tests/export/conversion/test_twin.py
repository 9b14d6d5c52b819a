"""Models that compute in another precision than float32: their float32 twin is exported, and the record says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from harness.base.errors import ExportError
from harness.cli.app import app
from harness.export import export, onnx_from_keras, random_examples
from harness.export.conversion.twin import float32_twin
from tests.export.nets import L, chain, examples, randomized, small


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    yield
    keras.config.set_dtype_policy("float32")


def net() -> keras.Model:
    """Nested and wrapped layers, statistics, attention, and a last layer that is float32 under every policy."""
    statistics = L.Normalization()
    statistics.adapt(np.zeros((1, 8, 8, 3)))
    inner = keras.Sequential([keras.Input((8, 8, 4)), L.Conv2D(4, 3), L.BatchNormalization(), L.ReLU()])
    inputs = keras.Input((8, 8, 3))
    x = L.Reshape((6, 24))(inner(L.Conv2D(4, 3, padding="same")(statistics(inputs))))
    x = L.TimeDistributed(L.Dense(6, activation="gelu"))(x)
    x = L.LayerNormalization()(L.MultiHeadAttention(2, 3)(x, x))
    model = keras.Model(inputs, L.Activation("softmax", dtype="float32")(L.Dense(3)(L.Flatten()(x))))
    randomized(model)
    statistics.adapt(np.arange(2 * 8 * 8 * 3).reshape(2, 8, 8, 3) % 4)
    return model


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of the same network, built in float32."""
    path = tmp_path_factory.mktemp("twin") / "net.onnx"
    onnx_from_keras(net(), path)
    return path.read_bytes()


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_the_file_is_that_of_the_network_in_float32(policy: str, expected: bytes, tmp_path: Path) -> None:
    """To the byte; the record names the policy, and how far the network itself is from its twin."""
    keras.config.set_dtype_policy(policy)
    model = net()
    before = model.get_weights()
    found = export(model, tmp_path / "net.onnx", examples(model))
    assert (tmp_path / "net.onnx").read_bytes() == expected
    assert found.twin_of == policy
    assert found.twin_difference is not None
    assert 0 < found.twin_difference < {"mixed_float16": 0.02, "mixed_bfloat16": 0.2, "float64": 1e-4}[policy]
    assert {layer.dtype_policy.name for layer in model.layers} == {policy, "float32"}
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_half_precision_weights(policy: str, tmp_path: Path) -> None:
    """Weights of half precision fit float32 exactly."""
    keras.config.set_dtype_policy(policy)
    model = small()
    found = export(model, tmp_path / "net.onnx", random_examples(model))
    assert found.twin_of == policy
    types = {weight.data_type for weight in onnx.load(tmp_path / "net.onnx").graph.initializer}
    assert types <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}


def test_float32_is_its_own_twin() -> None:
    """Integers among the inputs, and an explicit float32, change nothing."""
    tokens = keras.Input((5,), dtype="int32")
    model = keras.Model(tokens, L.Dense(3, dtype="float32")(L.Flatten()(L.Embedding(9, 4)(tokens))))
    assert float32_twin(model) is None
    assert float32_twin(small()) is None


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_inputs_of_another_type(dtype: str, tmp_path: Path) -> None:
    """What is given may have any type: the layers compute in float32, so the model is exported itself."""
    inputs = keras.Input((4,), dtype=dtype)
    model = randomized(keras.Model(inputs, L.Dense(3)(inputs)))
    assert export(model, tmp_path / "net.onnx", random_examples(model)).twin_of is None


def test_policies_of_parts(tmp_path: Path) -> None:
    """A policy map has a default; inputs of bfloat16, which ONNX Runtime can't be given here, become float32."""
    inputs = keras.Input((4, 6), dtype="bfloat16")
    policies = keras.dtype_policies.DTypePolicyMap(default_policy="mixed_float16")
    heads = L.MultiHeadAttention(2, 3, dtype=policies)
    model = randomized(keras.Model(inputs, heads(inputs, inputs)))
    export(model, tmp_path / "net.onnx", random_examples(model))
    (taken,) = onnx.load(tmp_path / "net.onnx").graph.input
    assert taken.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_one_layer_and_casts(tmp_path: Path) -> None:
    """One wrapped layer in half precision, or a cast between layers, is enough; the file computes in float32."""
    wrapped = chain(L.TimeDistributed(L.Dense(3, dtype="mixed_float16")), shape=(4, 6))
    assert export(wrapped, tmp_path / "a.onnx", examples(wrapped)).twin_of == "mixed_float16"
    inputs = keras.Input((6,))
    cast = keras.Model(inputs, L.Dense(3)(keras.ops.cast(L.Dense(4)(inputs), "float16") * 2))
    assert export(cast, tmp_path / "b.onnx", examples(cast)).twin_of == "float16"
    for name in ("a.onnx", "b.onnx"):
        assert "Cast" not in {node.op_type for node in onnx.load(tmp_path / name).graph.node}


class Unregistered(L.Layer):
    """A user's own layer that Keras knows from nowhere."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 2), name="kernel")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.matmul(x, self.kernel)


class Unsaved(Unregistered):
    """A layer that can't be made again from its configuration."""

    def __init__(self, function: object, **options: object) -> None:
        super().__init__(**options)
        self.function = function


def test_layers_of_ones_own(tmp_path: Path) -> None:
    """A class that is not registered is made again; one that can't be saved is refused with policy and cure."""
    keras.config.set_dtype_policy("mixed_float16")
    own = chain(Unregistered(), shape=(4,))
    assert export(own, tmp_path / "own.onnx", examples(own)).twin_of == "mixed_float16"
    with pytest.raises(
        ExportError, match=r"computes in mixed_float16 and could not be made again .*set_dtype_policy\('float32'\)"
    ):
        onnx_from_keras(chain(Unsaved(np.sin), shape=(4,)), tmp_path / "unsaved.onnx")
    keras.config.set_dtype_policy("float32")
    onnx_from_keras(chain(Unsaved(np.sin), shape=(4,)), tmp_path / "unsaved.onnx")


def test_the_command_says_so(tmp_path: Path) -> None:
    """The line on the terminal, and a network whose own outputs overflow."""
    keras.config.set_dtype_policy("mixed_float16")
    model = chain(L.Dense(4, name="first"), L.Dense(3), shape=(5,))
    model.save(tmp_path / "net.keras")
    said = CliRunner().invoke(app, ["export", str(tmp_path / "net.keras")]).stdout
    assert "MB; the float32 twin of a mixed_float16 model, whose own outputs differ from it by up to " in said
    assert " of their spread; it agrees with Keras on 64 random examples, to " in said
    model.get_layer("first").kernel.assign(np.full((5, 4), 1e5))
    model.save(tmp_path / "large.keras")
    said = CliRunner().invoke(app, ["export", str(tmp_path / "large.keras")]).stdout
    assert "whose own outputs are not all finite numbers; it agrees" in said
