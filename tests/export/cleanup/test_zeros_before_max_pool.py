"""Zeros around negative numbers win a maximum, with ONNX Runtime's optimizations too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from harness.export import export
from tests.export.nets import L, chain, examples


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 4)])
def test_a_padded_map_of_negative_numbers(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Fused into one node, the zeros would be lost: the export itself compares and would refuse it."""
    pad, pool = (L.ZeroPadding2D(1), L.MaxPooling2D(3)) if len(shape) == 3 else (L.ZeroPadding1D(1), L.MaxPooling1D(3))
    model = chain(L.Rescaling(1.0, offset=-2.0), pad, pool, L.Flatten(), L.Dense(3), shape=shape)
    found = export(model, tmp_path / "net.onnx", np.random.default_rng(0).random((5, *shape), dtype=np.float32))
    assert found.parity.largest_difference < 1e-5


CASES = {
    "room": (L.ReLU(), 1, 3, True),
    "room behind a Clip": (L.ReLU(6.0), 1, 3, True),
    "no room": (L.ReLU(), 3, 2, False),
    "negative": (L.Activation("tanh"), 1, 3, False),
}


@pytest.mark.parametrize("name", CASES)
def test_zeros_that_win_nothing_go_into_the_pooling(name: str, tmp_path: Path) -> None:
    """Behind a Relu, where the padding fits; as with the others the export itself compares."""
    activation, padding, size, zero = CASES[name]
    model = chain(L.Conv2D(4, 3), activation, L.ZeroPadding2D(padding), L.MaxPooling2D(size), L.Flatten(), L.Dense(3))
    found = export(model, tmp_path / "net.onnx", examples(model)[0])
    assert found.parity.largest_difference < 1e-4
    written = onnx.load(tmp_path / "net.onnx").graph
    (pad,) = [node for node in written.node if node.op_type == "Pad"]
    values = [onnx.numpy_helper.to_array(each) for each in written.initializer if each.name in pad.input[2:]]
    assert (not np.any(values)) == zero  # none is zero too
