"""The networks of keras.applications: all of them at three ratios in the slow sweep, some here."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import keras
import pytest

import harness
from harness.prune.keras_graph.trace import trace

NAMES = {name for name in dir(keras.applications) if name[0].isupper() and callable(getattr(keras.applications, name))}
CONVNEXT = ["ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"]
OTHERS = [  # small ones first, so that a failure shows early
    "MobileNetV3Small", "MobileNetV2", "MobileNet", "MobileNetV3Large", "NASNetMobile", "EfficientNetB0",
    "EfficientNetV2B0", "EfficientNetB1", "EfficientNetV2B1", "EfficientNetB2", "EfficientNetV2B2", "DenseNet121",
    "EfficientNetB3", "DenseNet169", "EfficientNetV2B3", "DenseNet201", "EfficientNetB4", "Xception", "EfficientNetV2S",
    "InceptionV3", "ResNet50", "ResNet50V2", "EfficientNetB5", "EfficientNetB6", "ResNet101", "ResNet101V2",
    "EfficientNetV2M", "InceptionResNetV2", "ResNet152", "ResNet152V2", "EfficientNetB7", "NASNetLarge",
    "EfficientNetV2L", "VGG16", "VGG19",
]  # fmt: skip


@functools.lru_cache(maxsize=1)
def untrained(name: str, **options: Any) -> keras.Model:
    """The architecture, for images of 96 x 96 pixels and 10 classes, without its trained weights."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    return getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=10, **options)


def prune_and_check(model: keras.Model, ratio: float, record: Callable[[str, object], None]) -> None:
    """Every layer that is not pinned loses its share, and the proof holds."""
    result = harness.prune(model, ratio=ratio)
    assert result.proof is not None
    record("trials", dict(result.proof.trials))
    record("parameters", (result.report.parameters_before, result.report.parameters_after))
    assert result.proof.largest_difference <= 1e-5
    for layer in result.report.layers:
        if layer.channels_before is not None and layer.channels_after is not None:
            if layer.layer in result.report.pinned:
                assert layer.channels_after == layer.channels_before, layer
            else:
                assert layer.channels_after >= math.ceil(layer.channels_before * (1 - ratio) - 1e-6), layer
    pruned_share = 1 - (result.report.macs_after or 0) / (result.report.macs_before or 1)
    assert pruned_share > 0.7 * (1 - (1 - ratio) ** 2)


@pytest.mark.parametrize(
    ("name", "options"), [("MobileNetV2", {"alpha": 0.35}), ("MobileNetV3Small", {"minimalistic": False})]
)
def test_some_applications_at_half(
    name: str, options: dict[str, Any], record_property: Callable[[str, object], None]
) -> None:
    prune_and_check(untrained(name, **options), 0.5, record_property)


def test_convnext_prunes_its_expansions_and_pins_what_is_normalised(
    record_property: Callable[[str, object], None],
) -> None:
    """Inside each block the first pointwise layer's channels are free; all else lies under LayerNormalization."""
    result = harness.prune(untrained("ConvNeXtTiny"), ratio=0.5)
    assert result.proof is not None
    record_property("trials", dict(result.proof.trials))
    free = [path for path, kept in result.plan.kept.items() if len(kept) < result.plan.channels[path]]
    assert len(free) == 18
    assert all(path.endswith("_pointwise_conv_1") for path in free)
    assert all(len(result.plan.kept[path]) * 2 == result.plan.channels[path] for path in free)
    pinned = result.report.pinned
    assert "normalises over its channels" in pinned["convnext_tiny_stage_0_block_0_depthwise_conv"]


def test_the_sweep_leaves_none_out() -> None:
    assert len(CONVNEXT + OTHERS) == len(NAMES)
    assert set(CONVNEXT + OTHERS) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", OTHERS)
def test_every_application(name: str, ratio: float, record_property: Callable[[str, object], None]) -> None:
    prune_and_check(untrained(name), ratio, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONVNEXT)
def test_every_convnext(name: str, record_property: Callable[[str, object], None]) -> None:
    """At every size, exactly the expansions shrink."""
    model = untrained(name)
    result = harness.prune(model, ratio=0.5)
    assert result.proof is not None
    record_property("trials", dict(result.proof.trials))
    free = {path for path, kept in result.plan.kept.items() if len(kept) < result.plan.channels[path]}
    assert free == {path for path in trace(model).graph.layers if path.endswith("_pointwise_conv_1")}
