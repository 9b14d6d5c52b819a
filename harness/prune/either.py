"""`harness.prune` and `harness.verify`, of Keras models or of ONNX files."""

from __future__ import annotations

from typing import Any

from harness.prune.onnx.api import prune_onnx
from harness.prune.onnx.files import is_onnx
from harness.prune.onnx.verified import prove_onnx


def prune(model: Any, *args: Any, **options: Any) -> Any:
    """Prune a Keras model, or the ONNX file of this path, and prove it.

    `prune(model, ratio=0.5)` is `harness.prune.api.prune`, and `prune("net.onnx", ratio=0.5)` is
    `harness.prune.onnx.api.prune_onnx`; both say what else they take.
    """
    if is_onnx(model):
        return prune_onnx(model, *args, **options)
    from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
    from harness.prune.api import prune as prune_keras

    return prune_keras(model, *args, **options)


def verify(original: Any, pruned: Any, *args: Any, **options: Any) -> Any:
    """Check that a pruned Keras model, or ONNX file, computes what the masked original computes; return the proof.

    `verify(model, pruned, plan)` is `harness.prune.proof.verify.verify`, and with paths of ONNX files it is
    `harness.prune.onnx.verified.prove_onnx`; both raise ProofError where it does not.
    """
    if is_onnx(original):
        return prove_onnx(original, pruned, *args, **options)
    from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
    from harness.prune.proof.verify import verify as verify_keras

    return verify_keras(original, pruned, *args, **options)
