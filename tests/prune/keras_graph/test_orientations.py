"""Channels along another axis than usual, layers that are shared by two such tensors, and constants beside tensors.

Either they are pruned and proved, or they are pinned for a reason that is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from harness.prune import prune
from tests.prune.nets import randomised

L = keras.layers
Tensor = Any


def around(layers: Callable[[Tensor, Tensor], list[Tensor]], batch: int | None = None) -> keras.Model:
    """A network around what is made of the input, 8 places of 8 channels, and of the first layer's 8 x 8.

    A Dense layer beside it can always be pruned.
    """
    given = keras.Input((8, 8), batch_size=batch)
    made = layers(given, L.Conv1D(8, 3, padding="same", name="first")(given))
    ends = [L.Flatten()(each) for each in [*made, L.Dense(4, name="beside")(given)]]
    return randomised(keras.Model(given, L.Dense(3, name="out")(L.Concatenate()(ends))))


@pytest.mark.parametrize("bias", [None, "c", "d"])
def test_channels_pass_an_einsum_dense(bias: str | None) -> None:
    """It mixes the places and keeps the channels apart: its output shape shrinks with them."""
    layer = L.EinsumDense("abc,bd->adc", (3, 8), bias_axes=bias, name="mix")
    result = prune(around(lambda _, x: [layer(x)]), ratio=0.5)
    assert len(result.plan.kept["first"]) == 4
    assert result.model.get_layer("mix").output.shape == (None, 3, 4)
    assert result.proven.holds


def test_channels_pass_an_einsum_dense_on_an_axis_that_is_not_written_out() -> None:
    layer = L.EinsumDense("ab...,bd->ad...", 3)
    result = prune(around(lambda _, x: [layer(x)]), ratio=0.5)
    assert len(result.plan.kept["first"]) == 4
    assert result.proven.holds


def turned(x: Tensor) -> Tensor:
    return L.Permute((2, 1))(x)


SHARED: dict[str, Callable[[], keras.Layer]] = {
    "Dense": lambda: L.Dense(8, name="shared"),
    "EinsumDense": lambda: L.EinsumDense("abc,bd->adc", (8, 8), bias_axes="c", name="shared"),
    "EinsumDense, bias of its own": lambda: L.EinsumDense("abc,bd->adc", (8, 8), bias_axes="d", name="shared"),
    "Reshape": lambda: L.Reshape((4, 2, 8), name="shared"),
}


@pytest.mark.parametrize("first_turned", [True, False])
@pytest.mark.parametrize("name", SHARED)
def test_a_layer_that_is_shared_by_two_orientations_keeps_its_channels(name: str, first_turned: bool) -> None:
    """Its one kernel, or target, has channels along another axis for each of them."""

    def layers(_: Tensor, x: Tensor) -> list[Tensor]:
        layer = SHARED[name]()
        return [layer(each) for each in ([turned(x), x] if first_turned else [x, turned(x)])]

    result = prune(around(layers), ratio=0.5)
    assert len(result.plan.kept["first"]) == 8
    assert "first" in result.report.pinned
    assert len(result.plan.kept["beside"]) == 2
    assert result.proven.holds


@pytest.mark.parametrize("input_first", [True, False])
@pytest.mark.parametrize("name", SHARED)
def test_a_layer_that_is_shared_with_the_input_keeps_its_channels(name: str, input_first: bool) -> None:
    def layers(given: Tensor, x: Tensor) -> list[Tensor]:
        layer = SHARED[name]()
        return [layer(each) for each in ([given, x] if input_first else [x, given])]

    result = prune(around(layers), ratio=0.5)
    assert result.report.pinned["first"] == "'shared' is shared with a tensor without channels"
    assert result.proven.holds


def constant(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 2, 4])
@pytest.mark.parametrize("convert", [np.asarray, ops.convert_to_tensor])
def test_a_position_map_is_joined_to_the_channels(convert: Callable[[Any], Any], batch: int) -> None:
    """The constant has the batch axis of the model, so the model runs on such batches only."""
    joined = around(lambda _, x: [L.Conv1D(4, 1)(ops.concatenate([convert(constant(batch, 8, 2)), x], -1))], batch)
    result = prune(joined, ratio=0.5)
    assert len(result.plan.kept["first"]) == 4
    assert result.proven.holds


@pytest.mark.parametrize(
    "join",
    [
        lambda x: ops.concatenate([constant(2, 1, 8), x], axis=1),
        lambda x: ops.concatenate([x, constant(2, 8, 8)], axis=0)[:2, :],
        lambda x: ops.stack([x, constant(2, 8, 8)], axis=1),
        lambda x: ops.stack([constant(2, 8, 8), x], axis=-1),
    ],
    ids=["class token", "along the batch", "stack", "stack behind"],
)
def test_channels_beside_a_constant_with_a_value_for_each_are_pinned(join: Callable[[Tensor], Tensor]) -> None:
    result = prune(around(lambda _, x: [join(x)], batch=2), ratio=0.5)
    assert "first" in result.report.pinned
    assert len(result.plan.kept["first"]) == 8
    assert len(result.plan.kept["beside"]) == 2
    assert result.proven.holds


def test_tensors_are_joined_along_the_batch() -> None:
    """Of a size that is known: the channels of both are the same."""
    given = keras.Input((8, 3), batch_size=2)
    x = L.Conv1D(8, 3, name="first")(given)
    both = L.Concatenate(0)([x, ops.relu(x)])
    result = prune(randomised(keras.Model(given, L.Dense(3, name="out")(L.Flatten()(both)))), ratio=0.5)
    assert len(result.plan.kept["first"]) == 4
    assert result.proven.holds
