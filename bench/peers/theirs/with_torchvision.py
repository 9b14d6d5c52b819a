"""Write a network of torchvision as PyTorch's exporters do: run by `bench.exporters`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn
from torchvisions import EXPORTERS, built, export, torchvision

SIDE = 224


class Scaled(nn.Module):
    """The network behind the scaling that Keras's own EfficientNet begins with."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("deviation", torch.ones(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of images (N, 3, 224, 224), of pixels from 0 to 255."""
        return self.network((images / 255 - self.mean) / self.deviation)


def network(name: str) -> nn.Module:
    """The network with random weights, for inference, doing the work of Keras's network of that name."""
    found = built(name)
    for module in found.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck) and module.stride != 1:
            # Keras's ResNet50 has each stride in the first convolution of a block, which is less work.
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
    return (Scaled(found) if name.startswith("efficientnet") else found).eval()


def main() -> None:
    """Write `default.onnx` and `torchscript.onnx`, by either of PyTorch's exporters, into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the network, as torchvision calls it")
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    model = network(given.name)
    for exporter in EXPORTERS:
        export(model, SIDE, exporter, given.folder / f"{exporter}.onnx")


if __name__ == "__main__":
    main()
