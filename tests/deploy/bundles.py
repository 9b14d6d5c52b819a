"""Bundles for tests: a real network on invented images, and ways to change one and keep its hashes right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.data import load
from harness.deploy.bundling import write_bundle
from harness.deploy.manifest import digest_of
from harness.deploy.source.evidence import Evidence
from harness.deploy.source.from_run import shaped
from harness.measure.accuracy import evaluate
from harness.spec import DataSpec
from tests.onnx_files import cnn

EXAMPLES = 200


def examples(folder: Path, side: int = 8, classes: int = 10) -> str:
    """Invented images with labels, as `--data` names them: 8-bit pixels, half of them for testing."""
    rng = np.random.default_rng(0)
    parts = {}
    for part in ("train", "test"):
        parts[f"x_{part}"] = rng.integers(0, 256, (EXAMPLES, side, side), np.uint8)
        parts[f"y_{part}"] = np.arange(EXAMPLES) % classes
    path = folder / f"images{side}.npz"
    np.savez(path, **parts)
    return f"npz:{path}"


def evidence(folder: Path, onnx: Path | None = None) -> Evidence:
    """What is known of a small network that was not timed."""
    onnx = onnx or cnn(folder / "small.onnx")
    spec = DataSpec(name=examples(folder))
    dataset = shaped(onnx, load(spec), spec)
    accuracy = evaluate(onnx, dataset.test_images, dataset.test_labels, device="cpu")
    return Evidence(
        onnx=onnx,
        name="small",
        dataset=dataset,
        data=spec,
        device="cpu",
        versions={"onnxruntime": "1.31.1"},
        accuracy=accuracy,
    )


def bundled(folder: Path, onnx: Path | None = None, **changes: Any) -> Path:
    """A bundle of it in `folder/bundle`."""
    write_bundle(replace(evidence(folder, onnx), **changes), folder / "bundle")
    return folder / "bundle"


def reseal(bundle: Path, change: Callable[[dict[str, Any]], None] = lambda values: None) -> None:
    """Change the manifest, and make it right again about itself and the files that are there."""
    path = bundle / "manifest.json"
    values = json.loads(path.read_text())
    for name in values["files"]:
        file = bundle / name
        if file.is_file():
            content = file.read_bytes()
            values["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    values["model"]["sha256"] = values["files"]["model.onnx"]["sha256"]
    change(values)
    values["sha256"] = digest_of(values)
    path.write_text(json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
