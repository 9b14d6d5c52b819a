"""A Keras model exported and pruned as ONNX is the Keras model pruned by the same plan and exported."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

import harness
import models
from harness.prune.onnx.api import replay_onnx
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.running import Runner
from harness.prune.onnx.graph.trace import trace
from harness.records import ChannelPlan
from tests.prune.nets import dense_blocks, grouped, randomised, residual, squeeze_excite
from tests.prune.test_applications import untrained

NETWORKS = {
    "single_conv": {},
    "deepcaptcha": {},
    "colored": {},
    "eight_class": {"design": "funnel", "input_shape": (40, 40, 3)},
}
SMALL = {"residual": residual, "dense_blocks": dense_blocks, "squeeze_excite": squeeze_excite, "grouped": grouped}


def same_truth(model: keras.Model, folder: Path) -> None:
    """Both ways, from the same model: equal widths, and outputs within rounding."""
    shape = tuple(size or 1 for size in model.input_shape)
    images = np.random.default_rng(0).random((4, *shape[1:])).astype(np.float32)
    pruned = harness.prune(model, ratio=0.5, importance="random", seed=2)
    harness.export(model, folder / "original.onnx", images)
    harness.export(pruned.model, folder / "by_keras.onnx", images)
    graph = read_onnx(folder / "original.onnx")
    other = replay_onnx(folder / "original.onnx", of_onnx(pruned.plan, folder / "original.onnx"))
    other.write(folder / "by_onnx.onnx")
    assert weights_in(folder / "by_onnx.onnx") == weights_in(folder / "by_keras.onnx")
    feeds = {graph.inputs[0].name: images}
    one, two = (Runner((folder / f"{name}.onnx").read_bytes()).run(feeds)[0] for name in ("by_keras", "by_onnx"))
    np.testing.assert_allclose(one, two, atol=1e-5 * float(np.abs(one).max()))


def of_onnx(plan: ChannelPlan, path: Path) -> ChannelPlan:
    """The same plan for the exported file, of a network whose nodes the export leaves in the order of its layers."""
    found = trace(read_onnx(path))
    assert [len(ids) for ids in found.channels.made.values()] == list(plan.channels.values())
    names = dict(zip(plan.kept, found.channels.made, strict=True))
    return ChannelPlan(
        architecture=found.architecture,
        kept={names[path]: kept for path, kept in plan.kept.items()},
        channels={names[path]: count for path, count in plan.channels.items()},
    )


def weights_in(path: Path) -> list[tuple[int, ...]]:
    """The shapes of the floating-point weights, each once: the export stores equal ones of a fresh network once."""
    tensors = onnx.load(path).graph.initializer
    return sorted({tuple(each.dims) for each in tensors if each.data_type == onnx.TensorProto.FLOAT and len(each.dims)})


@pytest.mark.parametrize("name", NETWORKS)
def test_the_four_networks(tmp_path: Path, name: str) -> None:
    same_truth(randomised(models.build(name, **NETWORKS[name])), tmp_path)


@pytest.mark.parametrize("name", SMALL)
def test_branches_gates_and_groups(tmp_path: Path, name: str) -> None:
    same_truth(randomised(SMALL[name]()), tmp_path)


@pytest.mark.slow
def test_the_large_one(tmp_path: Path) -> None:
    same_truth(randomised(models.build("eight_class")), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV2", "MobileNetV3Small", "DenseNet121", "EfficientNetB0"])
def test_some_of_keras_applications(tmp_path: Path, name: str) -> None:
    same_truth(untrained(name), tmp_path)
