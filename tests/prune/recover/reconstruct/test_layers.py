"""Every layer with a kernel, behind channels that others tell: reconstructed, nothing is lost."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from tests.prune.recover.reconstruct.twins import COPIES, behind, cut_and_reconstructed

L = keras.layers
NARROW = 1e-4
S1, S2, S3 = (12, 3), (9, 8, 3), (5, 5, 4, 2)
LAYERS = {
    "conv1d": (S1, lambda: L.Conv1D(5, 3, activation="relu")),
    "conv1d causal, dilated": (S1, lambda: L.Conv1D(5, 3, padding="causal", dilation_rate=2)),
    "conv1d same, strided": (S1, lambda: L.Conv1D(5, 4, strides=3, padding="same")),
    "conv2d": (S2, lambda: L.Conv2D(5, 3, activation="tanh", use_bias=False)),
    "conv2d same, strided": (S2, lambda: L.Conv2D(5, (3, 2), padding="same", strides=(2, 1))),
    "conv2d, steps larger than the kernel": (S2, lambda: L.Conv2D(5, 2, padding="same", strides=3)),
    "conv2d dilated": (S2, lambda: L.Conv2D(5, 2, dilation_rate=(2, 3), padding="same")),
    "conv3d": (S3, lambda: L.Conv3D(4, 2, padding="same", strides=2)),
    "grouped": (S2, lambda: L.Conv2D(4, 3, groups=2)),
    "grouped 1d": (S1, lambda: L.Conv1D(4, 3, groups=2, padding="same")),
    "transposed 1d": (S1, lambda: L.Conv1DTranspose(5, 3, strides=2, padding="same")),
    "transposed": (S2, lambda: L.Conv2DTranspose(5, 3, strides=2, activation="relu")),
    "transposed same": (S2, lambda: L.Conv2DTranspose(5, (2, 3), strides=(3, 2), padding="same")),
    "transposed, output padding": (S2, lambda: L.Conv2DTranspose(5, 3, strides=2, padding="same", output_padding=1)),
    "transposed valid, output padding": (S2, lambda: L.Conv2DTranspose(5, 3, strides=2, output_padding=1)),
    "transposed 3d": (S3, lambda: L.Conv3DTranspose(3, 2, strides=2)),
    "dense": ((7,), lambda: L.Dense(5, activation="gelu")),
    "dense on a sequence": (S1, lambda: L.Dense(5)),
    "dense on images": (S2, lambda: L.Dense(5, use_bias=False)),
    "einsum": (S1, lambda: L.EinsumDense("abc,cd->abd", (10, 4), bias_axes="d")),
    "einsum, heads": (S2, lambda: L.EinsumDense("...c,cde->...de", (4, 2), bias_axes="de")),
    "einsum, a bias that heads share": (S1, lambda: L.EinsumDense("abc,cde->abde", (10, 4, 2), bias_axes="e")),
    "einsum, a bias for each place": (S1, lambda: L.EinsumDense("abc,cd->abd", (10, 4), bias_axes="bd")),
    "einsum, a kernel for each place": (S1, lambda: L.EinsumDense("abc,bcd->abd", (10, 4), bias_axes="bd")),
    "einsum, places added up": (S1, lambda: L.EinsumDense("abc,cd->ad", (4,))),
    "einsum, channels before places": (S1, lambda: L.EinsumDense("abc,dc->adb", (4, 10), bias_axes="d")),
}  # fmt: skip


def maker(rank: int, **options: Any) -> Any:
    kind = {1: L.Dense, 2: L.Conv1D, 3: L.Conv2D, 4: L.Conv3D}[rank]
    return kind(6, name="maker", **options) if rank == 1 else kind(6, 2 if rank == 4 else 3, name="maker", **options)


@pytest.mark.parametrize("name", LAYERS)
def test_what_other_channels_tell_is_regained(name: str) -> None:
    shape, make = LAYERS[name]
    layer = make()
    found = cut_and_reconstructed(behind(layer, shape, maker(len(shape))), {"maker": [1, 4]})
    assert found.before > 0.2
    assert found.after < NARROW
    assert found.solved(layer.name)
    assert found.report.kept == {}


def test_a_depthwise_convolution_passes_on_what_is_regained_behind_it() -> None:
    """It reads no other channels, so that its kernel stays: what follows is solved."""
    depthwise = L.DepthwiseConv2D(3, depth_multiplier=2, depthwise_initializer="ones", name="depthwise")
    pointwise = L.Conv2D(4, 1, name="pointwise")
    model = behind(lambda x: pointwise(depthwise(x)), S2, maker(3))
    depthwise.kernel.assign(keras.ops.ones_like(depthwise.kernel))
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    assert found.after < NARROW < found.before
    assert not found.solved("depthwise")
    assert found.solved("pointwise")


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        (S2, lambda: L.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", name="separable")),
        (S1, lambda: L.SeparableConv1D(5, 3, strides=2, activation="relu", name="separable")),
    ],
)
def test_of_a_separable_convolution_the_pointwise_kernel_is_solved(shape: tuple[int, ...], layer: Any) -> None:
    separable = layer()
    model = behind(separable, shape, maker(len(shape)))
    separable.depthwise_kernel.assign(keras.ops.ones_like(separable.depthwise_kernel))
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    assert found.after < NARROW < found.before
    assert found.solved("separable")


def test_a_depthwise_kernel_is_solved_where_its_input_is_another() -> None:
    """What a convolution could not regain makes all channels differ; each depthwise block then does its best."""
    model = behind(lambda x: L.DepthwiseConv2D(3, name="depthwise")(L.Conv2D(5, 1)(L.ReLU()(x))), S2, maker(3), {})
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    (depthwise,) = (each for each in found.report.solved if each.layer == "depthwise")
    assert depthwise.ridge is not None
    assert depthwise.after < depthwise.before
    assert found.after < found.before


def test_channels_first_are_solved_too() -> None:
    first = {"data_format": "channels_first"}
    given = L.Conv2D(5, 3, activation="relu", name="conv", **first)
    transposed = L.Conv2DTranspose(5, 3, strides=2, padding="same", name="transposed", **first)
    layers = [given, transposed, L.BatchNormalization(axis=1)]

    def chain(x: Any) -> Any:
        for layer in layers:
            x = layer(x)
        return x

    found = cut_and_reconstructed(behind(chain, (3, 9, 11), maker(3, **first)), {"maker": [1, 4]})
    assert found.after < NARROW < found.before
    assert found.solved("conv")


@pytest.mark.parametrize(("policy", "narrow"), [("mixed_bfloat16", 0.02), ("mixed_float16", 0.01), ("float64", NARROW)])
def test_other_policies_are_regained_as_far_as_their_numbers_go(policy: str, narrow: float) -> None:
    own = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = behind(lambda x: L.BatchNormalization()(L.Conv2D(5, 3, name="conv")(x)), S2, maker(3))
    finally:
        keras.config.set_dtype_policy(own)
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    assert found.after < narrow < 0.2 < found.before
    assert found.solved("conv")


def test_copies_are_regained_behind_what_is_not_linear() -> None:
    """ReLU, a gate of its own, pooling: of a copy they make a copy."""

    def chain(x: Any) -> Any:
        x = L.MaxPooling2D(2)(L.PReLU(shared_axes=[1, 2], alpha_initializer="zeros")(L.ReLU()(x)))
        return L.Conv2D(4, 2, name="conv")(x)

    model = behind(chain, S2, maker(3), COPIES)
    for layer in model.layers:
        if isinstance(layer, L.PReLU):
            layer.alpha.assign(keras.ops.ones_like(layer.alpha) * 0.1)
    found = cut_and_reconstructed(model, {"maker": [1, 4]})
    assert found.after < NARROW < found.before
