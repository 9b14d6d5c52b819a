"""Every network of keras.applications, and some pruned ones: valid files that agree with Keras at batch 1 and 8."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import keras
import onnx
import pytest

import harness
from harness.export import onnx_from_keras, parity, require_parity
from tests.export.nets import examples, randomized
from tests.prune.test_applications import CONVNEXT, OTHERS

PRUNED = ["ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0", "ConvNeXtTiny"]


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """The largest have 350 million weights, of which an export holds several copies."""
    keras.backend.clear_session()
    gc.collect()
    yield
    keras.backend.clear_session()
    gc.collect()


def untrained(name: str) -> keras.Model:
    """Random weights and BatchNormalization statistics, and logits, so that agreement is not vacuous."""
    build = getattr(keras.applications, name)
    side = 96 if name in {"InceptionV3", "InceptionResNetV2", "Xception"} else 64
    return randomized(build(weights=None, input_shape=(side, side, 3), classes=20, classifier_activation=None))


def require_agreement(model: keras.Model, path: Path) -> None:
    onnx_from_keras(model, path)
    onnx.checker.check_model(str(path), full_check=True)
    for batch_size in (1, 8):
        found = parity(model, path, examples(model, 8), batch_size=batch_size)
        assert found.ties == 0
        require_parity(found, path.stem)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OTHERS, *CONVNEXT])
def test_every_application(name: str, tmp_path: Path) -> None:
    require_agreement(untrained(name), tmp_path / f"{name}.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("name", PRUNED)
def test_pruned_by_half(name: str, tmp_path: Path) -> None:
    require_agreement(harness.prune(untrained(name), ratio=0.5).model, tmp_path / f"{name}.onnx")
