"""The original in PyTorch: the same layers, with the same weights, turned from channels last to channels first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

SIDE = 28
CONVOLUTIONS = ("conv_1", "conv_2", "conv_3")
CLOSE = 1e-5  # of probabilities: rounding
OPSET = 18


def twin_of(weights: Mapping[str, Any]) -> nn.Sequential:
    """The network, from images (N, 1, 28, 28) to logits (N, 10); `weights` are Keras's, as `layer/kernel` and so on."""
    layers: list[nn.Module] = []
    for name in CONVOLUTIONS:
        kernel = weights[f"{name}/kernel"]  # (3, 3, inputs, outputs)
        conv = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
        layers += [_filled(conv, kernel.transpose(3, 2, 0, 1), weights[f"{name}/bias"]), nn.ReLU(), nn.MaxPool2d(2)]
    hidden, last = weights["dense_1/kernel"], weights["dense_2/kernel"]
    channels = weights[f"{CONVOLUTIONS[-1]}/bias"].size
    side = round((len(hidden) / channels) ** 0.5)
    # Keras flattens rows, columns, channels; PyTorch channels, rows, columns.
    turned = hidden.reshape(side, side, channels, -1).transpose(3, 2, 0, 1).reshape(hidden.shape[1], -1)
    first = _filled(nn.Linear(*hidden.shape), turned, weights["dense_1/bias"])
    layers += [nn.Flatten(), first, nn.ReLU(), _filled(nn.Linear(*last.shape), last.T, weights["dense_2/bias"])]
    return nn.Sequential(*layers)


def _filled(layer: Any, kernel: Any, bias: Any) -> Any:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


class Served(nn.Module):
    """The network as the original is deployed: images (N, 28, 28, 1) in 0 to 1, probabilities (N, 1, 10)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Probabilities of images. With one channel, channels first is the same bytes."""
        return torch.softmax(self.network(images.reshape(-1, 1, SIDE, SIDE)), dim=1).unsqueeze(1)


def check_same(network: nn.Module, images: Any, outputs: Any) -> None:
    """Raise SystemExit unless the network says what Keras said of these images, (N, 28, 28, 1) and (N, 1, 10)."""
    with torch.no_grad():
        found = Served(network)(torch.from_numpy(images)).numpy()
    apart = float(np.abs(found - outputs).max())
    if not apart <= CLOSE:
        raise SystemExit(f"the twin in PyTorch is another network: probabilities differ by {apart:.1e}")


def export(network: nn.Module, path: Path) -> None:
    """Write an ONNX file that takes any number of images, as PyTorch exports by itself."""
    network.eval()
    torch.onnx.export(
        Served(network),
        (torch.zeros(2, SIDE, SIDE, 1),),
        path,
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "N"}, "output": {0: "N"}},
        opset_version=OPSET,
        dynamo=False,
    )
