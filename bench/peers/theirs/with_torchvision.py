"""Write a network of torchvision as PyTorch's exporters do: run by `bench.exporters`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn

try:
    import torchvision
except RuntimeError:  # its compiled operators are for another build of PyTorch; no classifier needs them
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

SIDE = 224
OPSET = 18


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
    torch.manual_seed(0)
    built = torchvision.models.get_model(name, weights=None)
    for module in built.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck) and module.stride != 1:
            # Keras's ResNet50 has each stride in the first convolution of a block, which is less work.
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
    return (Scaled(built) if name.startswith("efficientnet") else built).eval()


def main() -> None:
    """Write `default.onnx` and `torchscript.onnx`, by either of PyTorch's exporters, into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the network, as torchvision calls it")
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    model, images = network(given.name), torch.zeros(1, 3, SIDE, SIDE)
    names = {"input_names": ["input"], "output_names": ["output"]}
    with torch.no_grad():
        for exporter, dynamo in (("default", True), ("torchscript", False)):
            file = given.folder / f"{exporter}.onnx"
            torch.onnx.export(model, (images,), file, opset_version=OPSET, dynamo=dynamo, external_data=False, **names)


if __name__ == "__main__":
    main()
