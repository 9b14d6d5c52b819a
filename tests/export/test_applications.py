"""Networks from keras.applications, whole and pruned, agree with Keras at batch 1 and 8."""

from __future__ import annotations

import gc
from pathlib import Path

import keras
import pytest

import harness
from harness.export import onnx_from_keras, parity, require_parity
from tests.export.nets import examples, randomized

NAMES = ["ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0", "ConvNeXtTiny"]


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.0, 0.5])
@pytest.mark.parametrize("name", NAMES)
def test_agrees(name: str, ratio: float, tmp_path: Path) -> None:
    """Random weights and BatchNormalization statistics, on logits, so that agreement is not vacuous."""
    keras.backend.clear_session()
    gc.collect()
    build = getattr(keras.applications, name)
    model = randomized(build(weights=None, input_shape=(64, 64, 3), classes=20, classifier_activation=None))
    if ratio:
        model = harness.prune(model, ratio=ratio).model
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    for batch_size in (1, 8):
        found = parity(model, path, examples(model, 8), batch_size=batch_size)
        assert found.ties == 0
        require_parity(found, name)
