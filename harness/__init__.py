"""Prune Keras networks, prove it, and measure in ONNX Runtime what it cost and what it bought.

The public functions are imported when they are first used, so that `import harness` is instant and needs no Keras.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_VERBS = ("measure", "prune", "quantize", "export", "diagnose")  # modules that can be called: see harness/base/verbs.py
_NAMES = {
    "HarnessError": "harness.base.errors",
    "Study": "harness.spec",
    "evaluate": "harness.measure.accuracy",
    "read_study": "harness.spec",
    "results": "harness.compare.frame",
    "run_study": "harness.pipeline.run",
    "verify": "harness.prune",
}


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return import_module(f"harness.{name}")
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'harness' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*_VERBS, *_NAMES])
