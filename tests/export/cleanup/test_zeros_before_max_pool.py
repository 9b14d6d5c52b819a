"""Zeros around negative numbers win a maximum, with ONNX Runtime's optimizations too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.export import export
from tests.export.nets import L, chain


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 4)])
def test_a_padded_map_of_negative_numbers(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Fused into one node, the zeros would be lost: the export itself compares and would refuse it."""
    pad, pool = (L.ZeroPadding2D(1), L.MaxPooling2D(3)) if len(shape) == 3 else (L.ZeroPadding1D(1), L.MaxPooling1D(3))
    model = chain(L.Rescaling(1.0, offset=-2.0), pad, pool, L.Flatten(), L.Dense(3), shape=shape)
    found = export(model, tmp_path / "net.onnx", np.random.default_rng(0).random((5, *shape), dtype=np.float32))
    assert found.parity.largest_difference < 1e-5
