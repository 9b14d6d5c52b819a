"""Prune an ONNX file with onnxsim, as it is and by calibration, recover by its own means: run by `bench.peers`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxsim

BATCH = 100


def main() -> None:
    """Write `uncalibrated.onnx`, `calibrated.onnx` and `recovered.onnx` into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the original, an ONNX file")
    parser.add_argument("original", type=Path, help="an .npz that says which images are for calibration")
    parser.add_argument("images", type=Path, help="an .npz of the training images")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--ratio", type=float, required=True)
    given = parser.parse_args()
    model = onnx.load(given.file)
    chosen = np.load(given.original)["calibration"]
    images = np.load(given.images)["images"][chosen].astype(np.float32) / 255
    name = model.graph.input[0].name
    batches = [{name: images[start : start + BATCH]} for start in range(0, len(images), BATCH)]
    made = {"uncalibrated": onnxsim.apply_structured_pruning(model, sparsity=given.ratio)}
    made["calibrated"] = onnxsim.apply_structured_wanda_pruning(model, calibration_data=batches, sparsity=given.ratio)
    made["recovered"] = onnxsim.apply_pruning_finetune(model, made["calibrated"], calibration_data=batches)
    for arm, pruned in made.items():
        onnx.save(pruned, given.folder / f"{arm}.onnx")


if __name__ == "__main__":
    main()
