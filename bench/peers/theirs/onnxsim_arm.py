"""Prune any ONNX file with onnxsim, in one of its ways: run by `bench.shelf`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxsim

BATCH = 10


def batch_of(model: onnx.ModelProto, name: str) -> int:
    """How many examples are fed at once: what the file's input states, or ten."""
    value = next(each for each in model.graph.input if each.name == name)
    sizes = value.type.tensor_type.shape.dim
    return sizes[0].dim_value if sizes and sizes[0].dim_value > 0 else BATCH


def main() -> None:
    """Write one ONNX file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the original")
    parser.add_argument("pictures", type=Path, help="an .npz of one array, (N, ...), by the name of the input")
    parser.add_argument("output", type=Path)
    parser.add_argument("--arm", choices=("uncalibrated", "calibrated", "recovered"), required=True)
    parser.add_argument("--ratio", type=float, required=True)
    given = parser.parse_args()
    model = onnx.load(given.file)
    ((name, pictures),) = np.load(given.pictures).items()
    size = batch_of(model, name)
    batches = [{name: pictures[at : at + size]} for at in range(0, len(pictures) - size + 1, size)]
    if given.arm == "uncalibrated":
        made = onnxsim.apply_structured_pruning(model, sparsity=given.ratio)
    else:
        made = onnxsim.apply_structured_wanda_pruning(model, calibration_data=batches, sparsity=given.ratio)
    if given.arm == "recovered":
        made = onnxsim.apply_pruning_finetune(model, made, calibration_data=batches)
    onnx.save(made, given.output)


if __name__ == "__main__":
    main()
