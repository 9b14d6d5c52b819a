"""Multiply-accumulates of every kind of layer that multiplies, against numbers worked out by hand or unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from harness.prune import prune
from harness.prune.keras_graph.cost.macs import macs
from harness.prune.keras_graph.reading import read_graph
from harness.prune.present import summary_line
from harness.records import total
from tests.prune.nets import randomised

L = keras.layers
Tensor = Any


def constant(*shape: int) -> Any:
    return np.ones(shape, np.float32)


class OwnLayer(L.Dense):
    """May multiply more than a Dense does."""


class OwnCell(L.SimpleRNNCell):
    """May multiply more than a SimpleRNNCell does."""


def two_layers() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), L.Dense(4), L.Dense(2)])


CASES: dict[str, tuple[tuple[int | None, ...], Callable[[Tensor], Tensor], int | None]] = {
    "Conv2D": ((8, 6, 3), L.Conv2D(5, 3), 6 * 4 * 5 * 9 * 3),
    "grouped": ((8, 6, 4), L.Conv2D(6, 3, groups=2), 6 * 4 * 6 * 9 * 2),
    "channels first": ((3, 8, 6), L.Conv2D(5, 3, data_format="channels_first"), 6 * 4 * 5 * 9 * 3),
    "DepthwiseConv2D": ((8, 6, 3), L.DepthwiseConv2D(3, depth_multiplier=2), 6 * 4 * 6 * 9),
    "SeparableConv1D": ((8, 3), L.SeparableConv1D(5, 3), 6 * (3 * 3 + 3 * 5)),
    "Conv2DTranspose": ((4, 4, 3), L.Conv2DTranspose(5, 2, strides=2), 4 * 4 * 3 * 2 * 2 * 5),
    "Dense": ((7, 6), L.Dense(5), 7 * 6 * 5),
    "EinsumDense": ((7, 6), L.EinsumDense("abc,cd->abd", (7, 5)), 7 * 6 * 5),
    "EinsumDense to heads": ((7, 6), L.EinsumDense("abc,cde->abde", (7, 2, 4), bias_axes="de"), 7 * 6 * 2 * 4),
    "EinsumDense that passes channels": ((7, 6), L.EinsumDense("abc,bd->adc", (3, 6)), 7 * 3 * 6),
    "EinsumDense of anything": ((4, 7, 6), L.EinsumDense("...c,cd->...d", 5), 4 * 7 * 6 * 5),
    "Dot over the last axes": ((7, 6), lambda x: L.Dot(2)([x, x]), 7 * 7 * 6),
    "Dot of two axes": ((7, 6), lambda x: L.Dot((1, 2))([x, ops.transpose(x, (0, 2, 1))]), 6 * 6 * 7),
    "Dot of vectors": ((6,), lambda x: L.Dot(1)([x, x]), 6),
    "matmul": ((7, 6), lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))), 7 * 7 * 6),
    "matmul of heads": ((2, 7, 6), lambda x: x @ ops.swapaxes(x, 2, 3), 2 * 7 * 7 * 6),
    "matmul with a constant": ((7, 6), lambda x: ops.matmul(x, constant(6, 5)), 7 * 6 * 5),
    "a constant times it": ((7, 6), lambda x: ops.matmul(constant(4, 7), x), 4 * 7 * 6),
    "dot with a constant": ((7, 6), lambda x: ops.dot(x, constant(6, 5)), 7 * 6 * 5),
    "dot with a number": ((7, 6), lambda x: ops.dot(x, 2.0), 0),
    "tensordot": ((7, 6), lambda x: ops.tensordot(x, constant(7, 6, 5), 2), 7 * 6 * 5),
    "tensordot along axes": ((7, 6), lambda x: ops.tensordot(x, constant(5, 7), [[1], [1]]), 7 * 6 * 5),
    "einsum": ((7, 6), lambda x: ops.einsum("bqc,bkc->bqk", x, x), 7 * 7 * 6),
    "einsum of anything": ((2, 7, 6), lambda x: ops.einsum("...qc,...kc->...qk", x, x), 2 * 7 * 7 * 6),
    "einsum with a constant": ((7, 6), lambda x: ops.einsum("btc,cd->btd", x, constant(6, 5)), 7 * 6 * 5),
    "unknown size": ((None, 6), lambda x: ops.matmul(x, constant(6, 5)), None),
    "unknown length": ((None, 6), L.EinsumDense("abc,cd->abd", (None, 5)), None),
    "Add": ((7, 6), lambda x: L.Add()([x, x]), 0),
    "SimpleRNN": ((7, 6), L.SimpleRNN(5), 7 * (6 + 5) * 5),
    "GRU": ((7, 6), L.GRU(5), 7 * 3 * (6 + 5) * 5),
    "LSTM": ((7, 6), L.LSTM(5, return_sequences=True), 7 * 4 * (6 + 5) * 5),
    "LSTM of any length": ((None, 6), L.LSTM(5), None),
    "both ways": ((7, 6), L.Bidirectional(L.GRU(5), merge_mode="sum"), 2 * 7 * 3 * (6 + 5) * 5),
    "cells on cells": ((7, 6), L.RNN([L.LSTMCell(5), L.GRUCell(2)]), 7 * (4 * 11 * 5 + 3 * 7 * 2)),
    "somebody's own cell": ((7, 6), L.RNN(OwnCell(5)), None),
    "ConvLSTM2D": ((5, 8, 6, 2), L.ConvLSTM2D(3, 2), 5 * 7 * 5 * 4 * (4 * 2 * 3 + 4 * 3 * 3)),
    "a layer at every step": ((7, 6, 3), L.TimeDistributed(L.Conv1D(5, 3)), 7 * 4 * 9 * 5),
    "a network at every step": ((7, 6), L.TimeDistributed(two_layers()), 7 * (6 * 4 + 4 * 2)),
    "MultiHeadAttention": (
        (7, 6),
        lambda x: L.MultiHeadAttention(2, 4, value_dim=3)(x, x[:, :5]),
        7 * 6 * 8 + 5 * 6 * 8 + 5 * 6 * 6 + 7 * 6 * 6 + 7 * 5 * 2 * (4 + 3),
    ),
    "attention along one axis": (
        (3, 7, 6),
        lambda x: L.MultiHeadAttention(2, 4, attention_axes=2)(x, x),
        4 * 3 * 7 * 6 * 8 + 3 * 7 * 7 * 2 * (4 + 4),
    ),
    "GroupQueryAttention": (
        (7, 6),
        lambda x: L.GroupQueryAttention(8, 4, 2)(x, x),
        2 * 7 * 6 * 32 + 2 * 7 * 6 * 16 + 7 * 7 * 4 * 2 * 8,
    ),
    "Attention": ((7, 6), lambda x: L.Attention()([x, x[:, :5]]), 7 * 5 * (6 + 6)),
    "Attention by sums": ((7, 6), lambda x: L.AdditiveAttention()([x, x]), None),
    "SpectralNormalization": ((7, 6), L.SpectralNormalization(L.Dense(5)), 7 * 6 * 5),
    "Lambda": ((7, 6), L.Lambda(lambda x: x), None),
    "somebody's own layer": ((7, 6), OwnLayer(5), None),
    "ops.conv": ((7, 6), lambda x: ops.conv(x, constant(3, 6, 5)), None),
    "PReLU": ((7, 6), L.PReLU(), 0),
    "normalisation": ((7, 6), L.LayerNormalization(axis=(1, 2)), 0),
}


@pytest.mark.parametrize("name", CASES)
def test_multiply_accumulates_by_hand(name: str) -> None:
    """For one example; biases, activations and what only moves elements count nothing."""
    shape, layer, expected = CASES[name]
    inputs = keras.Input(shape)
    counts = macs(read_graph(keras.Model(inputs, layer(inputs))))
    assert total(counts.values()) == expected


def test_they_shrink_with_the_channels() -> None:
    """Behind 8 channels of which 4 stay: EinsumDense reads half and keeps half, Dot adds up over half."""
    series = keras.Input((8, 3))
    x = L.Conv1D(8, 3, padding="same", name="conv")(series)
    x = L.EinsumDense("abc,cd->abd", (8, 6), name="mix")(x)
    model = keras.Model(series, L.Dense(3, name="out")(L.Flatten()(L.Dot(2, name="gram")([x, x]))))
    report = prune(randomised(model), ratio=0.5).report
    counts = {layer.layer: (layer.macs_before, layer.macs_after) for layer in report.layers}
    assert counts["conv"] == (8 * 9 * 8, 8 * 9 * 4)
    assert counts["mix"] == (8 * 8 * 6, 8 * 4 * 3)
    assert counts["gram"] == (8 * 8 * 6, 8 * 8 * 3)
    assert counts["out"] == (64 * 3, 64 * 3)


def test_a_part_that_is_unknown_is_said_and_no_share_of_the_whole_is_claimed() -> None:
    series = keras.Input((8, 3))
    x = L.Conv1D(8, 3, padding="same", name="conv")(series)
    x = L.Conv1D(8, 3, padding="same", name="conv_2")(x)
    x = L.GlobalAveragePooling1D()(L.AdditiveAttention(name="scores")([x, x]))
    report = prune(randomised(keras.Model(series, L.Dense(3, name="out")(x))), ratio=0.5).report
    assert (report.macs_before, report.macs_after) == (None, None)
    assert summary_line(report).endswith(" %), MACs unknown: those of scores can't be counted")


def test_a_recurrent_layer_counts_in_the_total() -> None:
    """The first convolution loses half; the second keeps what the GRU reads: 3 gates of 4 units from 8, and from 4."""
    series = keras.Input((8, 3))
    x = L.Conv1D(8, 3, padding="same", name="conv")(series)
    x = L.GRU(4, name="gru")(L.Conv1D(8, 3, padding="same", name="conv_2")(x))
    report = prune(randomised(keras.Model(series, L.Dense(3, name="out")(x))), ratio=0.5).report
    gru, out = 8 * 3 * (8 + 4) * 4, 4 * 3
    assert report.macs_before == 8 * 9 * 8 + 8 * 24 * 8 + gru + out
    assert report.macs_after == 8 * 9 * 4 + 8 * 12 * 8 + gru + out
