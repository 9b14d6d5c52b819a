"""`harness.prune`, of a Keras model or of an ONNX file."""

from __future__ import annotations

from typing import Any

from harness.prune.onnx_files import is_onnx, prune_onnx


def prune(model: Any, *args: Any, **options: Any) -> Any:
    """Prune a Keras model, or the ONNX file of this path, and prove it.

    `prune(model, ratio=0.5)` is `harness.prune.api.prune`, and `prune("net.onnx", ratio=0.5)` is
    `harness.prune.onnx_files.prune_onnx`; both say what else they take.
    """
    if is_onnx(model):
        return prune_onnx(model, *args, **options)
    from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
    from harness.prune.api import prune as prune_keras

    return prune_keras(model, *args, **options)
