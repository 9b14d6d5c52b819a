"""Every Keras activation and every layer with weights comes out as Keras computes it, alone and in a batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from harness.export import onnx_from_keras, parity
from tests.export.nets import L, chain, examples, randomized, run

pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")

Layers = Mapping[str, Callable[[], keras.layers.Layer]]

VECTORS: Layers = {
    "dense": lambda: L.Dense(4),
    "einsum": lambda: L.EinsumDense("ab,bc->ac", 5, bias_axes="c"),
    "prelu": L.PReLU,
    "discretization": lambda: L.Discretization([0.2, 0.5, 0.7]),
}
SEQUENCES: Layers = {
    "conv": lambda: L.Conv1D(4, 3, padding="same", dilation_rate=2),
    "causal": lambda: L.Conv1D(4, 3, padding="causal"),
    "grouped": lambda: L.Conv1D(8, 3, groups=2),
    "grouped causal": lambda: L.Conv1D(4, 3, groups=4, padding="causal", dilation_rate=2),
    "transposed": lambda: L.Conv1DTranspose(3, 3, strides=2, padding="same"),
    "transposed over gaps": lambda: L.Conv1DTranspose(3, 1, strides=3),
    "depthwise": lambda: L.DepthwiseConv1D(3, depth_multiplier=2),
    "separable": lambda: L.SeparableConv1D(5, 3),
    "spectrum": lambda: L.STFTSpectrogram(frame_length=4, frame_step=2, fft_length=4),
    "shared prelu": lambda: L.PReLU(shared_axes=[1]),
    "gelu of each": lambda: L.TimeDistributed(L.Dense(5, activation="gelu")),
}
IMAGES: Layers = {
    "conv": lambda: L.Conv2D(4, 3, strides=2, padding="same", activation="gelu"),
    "grouped": lambda: L.Conv2D(8, 3, groups=2, activation="celu"),
    "grouped same": lambda: L.Conv2D(4, 3, groups=4, strides=2, padding="same"),
    "grouped dilated": lambda: L.Conv2D(8, (1, 3), groups=2, dilation_rate=2, use_bias=False),
    "transposed": lambda: L.Conv2DTranspose(3, 3, strides=2),
    "transposed over gaps": lambda: L.Conv2DTranspose(3, (2, 3), strides=(4, 2), padding="same"),
    "transposed and padded": lambda: L.Conv2DTranspose(3, 3, strides=3, output_padding=(1, 2)),
    "depthwise": lambda: L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2),
    "separable": lambda: L.SeparableConv2D(5, 3),
    "batch": L.BatchNormalization,
    "layer": L.LayerNormalization,
    "layer, all axes": lambda: L.LayerNormalization(axis=[1, 2, 3]),
    "root mean square": L.RMSNormalization,
    "group": lambda: L.GroupNormalization(2),
    "instance": lambda: L.GroupNormalization(-1),
    "spectral": lambda: L.SpectralNormalization(L.Conv2D(4, 3)),
    "statistics": L.Normalization,
}
VOLUMES: Layers = {
    "conv": lambda: L.Conv3D(4, 3),
    "grouped": lambda: L.Conv3D(8, 3, groups=2),
    "grouped same": lambda: L.Conv3D(4, 3, groups=4, strides=2, padding="same"),
    "transposed": lambda: L.Conv3DTranspose(3, 3, strides=2, padding="same"),
    "transposed over gaps": lambda: L.Conv3DTranspose(3, 1, strides=2),
}
FILMS: Layers = {
    "each": lambda: L.TimeDistributed(L.Conv2D(4, 3, groups=2)),
    "recurrent": lambda: L.ConvLSTM2D(4, 3),
    "both ways": lambda: L.Bidirectional(L.ConvLSTM2D(3, 3, padding="same", return_sequences=True)),
}
GROUPS: Mapping[str, tuple[tuple[int | None, ...], Layers]] = {
    "vectors": ((6,), VECTORS),
    "sequences": ((9, 4), SEQUENCES),
    "images": ((9, 9, 4), IMAGES),
    "volumes": ((6, 6, 6, 4), VOLUMES),
    "films": ((3, 7, 7, 4), FILMS),
    "rows of films": ((3, 8, 4), {"recurrent": lambda: L.ConvLSTM1D(4, 3, return_sequences=True)}),
    "films of volumes": ((2, 4, 4, 4, 2), {"recurrent": lambda: L.ConvLSTM3D(2, 3, padding="same")}),
}


def recurrent(kind: type[keras.layers.Layer]) -> Layers:
    """The last step; every step, both ways; and one on the other."""
    return {
        f"{kind.__name__}": lambda: kind(4),
        f"{kind.__name__} both ways": lambda: L.Bidirectional(kind(4, return_sequences=True), merge_mode="ave"),
        f"{kind.__name__} stacked": lambda: keras.Sequential(
            [L.Bidirectional(kind(4, return_sequences=True)), kind(3, go_backwards=True, activation="gelu")]
        ),
    }


RECURRENT: Layers = {
    **recurrent(L.GRU),
    **recurrent(L.SimpleRNN),
    **recurrent(L.LSTM),
    "masked": lambda: keras.Sequential([L.Masking(0.5), L.LSTM(3)]),
    "reset before": lambda: L.GRU(4, reset_after=False),
    "cells": lambda: L.RNN([L.GRUCell(4), L.LSTMCell(3), L.SimpleRNNCell(2)]),
    "two kinds": lambda: L.Bidirectional(L.LSTM(4), backward_layer=L.GRU(4, go_backwards=True)),
    "of each": lambda: keras.Sequential([L.Reshape((1, 7, 5)), L.TimeDistributed(L.GRU(3))]),
}
IN_A_TEST_OF_THEIR_OWN = {
    "AdditiveAttention", "Attention", "Embedding", "GroupQueryAttention", "GroupedQueryAttention",
    "MultiHeadAttention", "ReversibleEmbedding",
}  # fmt: skip
NO_ARRAYS = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}


def branches(shape: tuple[int | None, ...], layers: Layers) -> keras.Model:
    """One input, and an output for each layer, called by its name."""
    inputs = keras.Input(shape)
    return randomized(keras.Model(inputs, {name.replace(" ", "_"): make()(inputs) for name, make in layers.items()}))


def require_agreement(model: keras.Model, path: Path) -> None:
    """Parity over all outputs; where it fails, the outputs that differ are named."""
    images = examples(model, 6)
    onnx_from_keras(model, path)
    found = parity(model, path, images)
    if found.largest_difference <= 1e-4:
        return
    expected = keras.tree.flatten(model(images[0] if len(images) == 1 else images, training=False))
    names = [output.name for output in onnx.load(path).graph.output]
    pairs = zip(names, expected, run(path, *images), strict=True)
    pytest.fail(str({name: float(np.abs(np.asarray(one) - two).max()) for name, one, two in pairs}))


@pytest.mark.parametrize("name", GROUPS)
def test_layers(name: str, tmp_path: Path) -> None:
    """Several layers on one input, each an output."""
    require_agreement(branches(*GROUPS[name]), tmp_path / "net.onnx")


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers(name: str, tmp_path: Path) -> None:
    """One a file: tf2onnx takes long over many loops in one."""
    require_agreement(chain(RECURRENT[name](), shape=(7, 5)), tmp_path / "net.onnx")


def test_every_layer_with_weights_is_tried() -> None:
    """A layer that a new version of Keras brings is missed here."""
    tried: set[str] = set(IN_A_TEST_OF_THEIR_OWN)
    for layers in (*(layers for _, layers in GROUPS.values()), RECURRENT):
        for make in layers.values():
            tried |= set(_classes(make()))
    with_weights = {
        name
        for name, kind in vars(L).items()
        if inspect.isclass(kind) and issubclass(kind, L.Layer) and _adds_weights(kind)
    }
    assert {vars(L)[name].__name__ for name in with_weights} - tried - NO_ARRAYS == set()
    assert len(with_weights) > 40


def _classes(layer: keras.layers.Layer) -> list[str]:
    """The classes of a layer and of those inside it."""
    return [type(layer).__name__, *(name for inner in layer._flatten_layers(False) for name in _classes(inner))]


def _adds_weights(kind: type) -> bool:
    """Whether the file of a layer's class, or of one that it is made from, makes a weight."""
    files = {inspect.getfile(base) for base in inspect.getmro(kind) if base.__module__.startswith("keras.src.layers")}
    return any("self.add_weight(" in _text(file) for file in files - {inspect.getfile(L.Layer)})


@cache
def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


def test_every_activation(tmp_path: Path) -> None:
    """All of keras.activations on one Dense layer, on inputs of both signs."""
    functions = {
        name: function
        for name, function in vars(keras.activations).items()
        if inspect.isfunction(function) and name not in {"get", "serialize", "deserialize", "threshold"}
    }
    assert len(functions) > 25
    inputs = keras.Input((6,))
    x = L.Dense(6)(inputs)
    outputs = {name: L.Activation(function)(x) for name, function in functions.items()}
    outputs["threshold"] = keras.ops.threshold(x, 0.3, 7.0)
    require_agreement(randomized(keras.Model(inputs, outputs)), tmp_path / "net.onnx")


def test_attention_and_embeddings(tmp_path: Path) -> None:
    """Queries and keys of one length and of two, masks among them, and tokens."""
    one, two, tokens = keras.Input((6, 8)), keras.Input((5, 8)), keras.Input((5,), dtype="int32")
    embedded = L.Embedding(16, 6, mask_zero=True)(tokens)
    reversible = L.ReversibleEmbedding(16, 6)
    outputs = {
        "heads": L.MultiHeadAttention(2, 4)(one, one),
        "heads_over": L.MultiHeadAttention(2, 4, value_dim=3, output_shape=5)(one, two),
        "causal": L.MultiHeadAttention(2, 4)(one, one, use_causal_mask=True),
        "grouped": L.GroupQueryAttention(4, 4, 2)(one, two),
        "dot": L.Attention(use_scale=True)([one, two]),
        "concat": L.Attention(use_scale=True, score_mode="concat")([one, two]),
        "additive": L.AdditiveAttention()([one, two]),
        "masked": L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 3)(embedded, embedded)),
        "masked_steps": L.GRU(3)(embedded),
        "tokens": reversible(L.Dense(6)(reversible(tokens)), reverse=True),
    }
    model = randomized(keras.Model([one, two, tokens], outputs))
    onnx_from_keras(model, tmp_path / "net.onnx")
    generator = np.random.default_rng(0)
    arrays = [generator.random((6, *tensor.shape[1:])) for tensor in (one, two)]
    found = parity(model, tmp_path / "net.onnx", [*arrays, generator.integers(0, 16, (6, 5))])
    assert found.largest_difference <= 1e-4


def test_sequences_of_any_length(tmp_path: Path) -> None:
    """The length of the sequence stays open where Keras leaves it open."""
    model = branches((None, 5), {"gru": lambda: L.GRU(4), "lstm": lambda: L.LSTM(4, return_sequences=True)})
    onnx_from_keras(model, tmp_path / "net.onnx")
    for steps in (1, 4, 11):
        x = np.random.default_rng(steps).random((3, steps, 5), np.float32)
        for expected, found in zip(keras.tree.flatten(model(x)), run(tmp_path / "net.onnx", x), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)
