"""Torchvision's networks, with random weights and for inference; what imports it, imports it from here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

try:
    import torchvision
except RuntimeError:  # its compiled operators are for another build of PyTorch; no classifier needs them
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

OPSET = 18
torch.backends.mha.set_fastpath_enabled(False)  # one operator for a whole attention, which TorchScript can't export
EXPORTERS = {"default": True, "torchscript": False}  # whether it is the one that PyTorch calls dynamo


def built(name: str, **options: Any) -> nn.Module:
    """The network of that name, as torchvision calls it."""
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None, **options).eval()


def export(network: nn.Module, side: int, exporter: str, path: Path) -> None:
    """Write a network of one image, 3 x side x side, as one of PyTorch's exporters does by itself."""
    with torch.no_grad():
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, side, side),),
            path,
            input_names=["input"],
            output_names=["output"],
            opset_version=OPSET,
            dynamo=EXPORTERS[exporter],
            external_data=False,
        )
