"""Prune with Torch-Pruning, train for an epoch in several ways, and export each: run by `bench.peers`."""

from __future__ import annotations

import argparse
import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch_pruning
from torch import nn
from training import Epoch, train
from twin import check_same, export, twin_of


def pruned(network: nn.Sequential, importance: str, ratio: float, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Cut every layer but the last to `1 - ratio` of its channels, in place; `images` are for Taylor's gradients."""
    kinds = {
        "l2": lambda: torch_pruning.importance.GroupMagnitudeImportance(p=2),
        "taylor": torch_pruning.importance.GroupTaylorImportance,
    }
    example = images[:2]
    pruner = torch_pruning.pruner.BasePruner(
        network, example, importance=kinds[importance](), pruning_ratio=ratio, ignored_layers=[network[-1]]
    )
    if importance == "taylor":
        nn.functional.cross_entropy(network(images), labels).backward()
    pruner.step()
    network.zero_grad(set_to_none=True)


def main() -> None:
    """Write `untrained.onnx`, `plain.onnx`, `cosine.onnx`, `adam.onnx` and `muon.onnx` into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("original", type=Path, help="an .npz of weights, outputs, and which images are for Taylor")
    parser.add_argument("images", type=Path, help="an .npz of the training images and labels")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--importance", required=True)
    parser.add_argument("--ratio", type=float, required=True)
    parser.add_argument("--batch-size", type=int, required=True, help="of `adam` and `muon`")
    parser.add_argument("--adam", type=float, required=True, help="the learning rate of `adam`")
    parser.add_argument("--muon", type=float, required=True, help="the learning rate of `muon`")
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    original, data = np.load(given.original), np.load(given.images)
    images = torch.from_numpy(data["images"].astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    labels = torch.from_numpy(data["labels"].astype(np.int64))
    network = twin_of(original)
    check_same(network, images[: len(original["outputs"])].reshape(-1, 28, 28, 1).numpy(), original["outputs"])
    some = torch.from_numpy(original["calibration"])
    pruned(network, given.importance, given.ratio, images[some], labels[some])
    export(copy.deepcopy(network), given.folder / "untrained.onnx")
    plain = Epoch(128, 1e-3, cosine=False, seed=given.seed)
    adam = Epoch(given.batch_size, given.adam, cosine=True, seed=given.seed)
    muon = replace(adam, learning_rate=given.muon, muon=True)
    for name, epoch in {"plain": plain, "cosine": replace(plain, cosine=True), "adam": adam, "muon": muon}.items():
        trained = copy.deepcopy(network)
        train(trained, images, labels, epoch)
        export(trained, given.folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
