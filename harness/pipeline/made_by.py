"""By what a stage makes its artifacts: the number of its code, the packages it calls, and how Keras computes."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.base.numerics import settle
from harness.base.store import file_digest

# Raise a stage's number when its code changes what it makes: artifacts of older code are then made again.
STAGE_VERSIONS = {
    "train": 2,
    "train_on": 1,
    "take_onnx": 1,
    "widths": 2,
    "uniform": 1,
    "prune": 4,
    "prune_onnx": 1,
    "try_out": 2,
    "export": 3,
    "quantize": 1,
    "keep_onnx": 1,
    "accuracy": 2,
    "measure": 3,
    "carried": 1,
}

STAGE_PACKAGES = {
    "train": ("keras",),
    "train_on": ("keras",),
    "take_onnx": (),
    "widths": ("keras", "tf2onnx"),
    "uniform": ("keras", "tf2onnx"),
    "prune": ("keras",),
    "prune_onnx": ("onnx-ir",),
    "try_out": ("keras",),
    "export": ("keras", "tf2onnx"),
    "quantize": ("onnx",),
    "keep_onnx": (),
    "accuracy": (),
    "measure": (),
    "carried": ("numpy", "pydantic"),
}


def made_by(stage: str) -> dict[str, Any]:
    """What else identifies an artifact of a stage, beside what it is made from."""
    packages = {name: version(name) for name in STAGE_PACKAGES[stage]}
    numerics = settle() if "keras" in packages else {}
    return {"version": STAGE_VERSIONS[stage], "packages": packages, "numerics": numerics}


def files_digest(path: Path) -> dict[str, str]:
    """What identifies a file, or each file of a folder, by its place in there."""
    files = sorted(path.rglob("*.pb")) if path.is_dir() else [path] if path.exists() else []
    return {str(file.relative_to(path)): file_digest(file) for file in files}
