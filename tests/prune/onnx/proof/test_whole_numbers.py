"""Planted mistakes in graphs of whole numbers: bytes that stand for others, and outputs that are places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

import harness
from harness.base.errors import ProofError
from harness.channels.names import along
from harness.prune.onnx.graph import registry
from harness.prune.onnx.graph.site import Site
from harness.prune.onnx.verified import verify_onnx
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.quantizing import bytes_between

pytestmark = pytest.mark.without_tensorflow


def mistaken(site: Site, read: Sequence[int] | None = None, scales: int = 0) -> Any:
    """QLinearConv with what it reads, and the scales of what it makes, in another order."""
    site.zero(0, 2)
    ids, made = along(site.names[0], 1), site.create(site.out_shape[1], 1)
    filters = along(made, 1)
    site.weight(3, {0: filters, 1: ids if read is None else ids[list(read)]}, makes=0)
    for index in (4, 5):
        site.weight(index, {0: np.roll(filters, scales)}, role="other")
    site.weight(8, {0: filters}, role="offset")
    return made


@pytest.mark.parametrize("mistake", [{"read": [1, 0, 3, 2, 5, 4, 7, 6]}, {"scales": 1}])
def test_rows_or_scales_of_other_channels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mistake: Any) -> None:
    path = bytes_between(tmp_path / "net.onnx", lambda net, x: net.qconv(x, 8, 6, name="inner"), 6)
    assert harness.prune(path, ratio=0.5, importance="random", seed=1).proof.holds
    monkeypatch.setitem(registry._RULES, ("", "QLinearConv"), lambda site: mistaken(site, **mistake))
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(path, ratio=0.5, importance="random", seed=1)


def test_an_activation_that_was_changed_in_a_file_that_gives_places_alone(tmp_path: Path) -> None:
    """Every weight is right, and the places may well be the same."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="before"))
    boxes = net.op("Transpose", net.op("Reshape", net.conv(x, 8, 4), net.integers(0, 4, 36)), perm=[0, 2, 1])
    scores = net.op("Reshape", net.conv(x, 8, 3), net.integers(0, 3, 36))
    places = net.op("NonMaxSuppression", boxes, scores, net.integers(1), net.constant(0.9), net.constant(9e9))
    original = net.save(tmp_path / "net.onnx", [tensor(places, None, TensorProto.INT64)])
    result, pruned = harness.prune(original, ratio=0.5), tmp_path / "pruned.onnx"
    result.write(pruned)
    assert verify_onnx(original, pruned, result.plan).holds
    model = onnx.load(pruned)
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Tanh"
    onnx.save(model, pruned)
    assert verify_onnx(original, pruned, result.plan).holds is False
