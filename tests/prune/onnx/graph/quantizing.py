"""Build small ONNX files of bytes that stand for other numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.halving import ended

MICROSOFT = {"domain": "com.microsoft"}


class Quantized(Net):
    """A graph of bytes: every tensor of them has the same scale, and 120 stands for zero."""

    def point(self) -> tuple[str, str]:
        return self.constant(0.05), self.constant(120, "uint8")

    def bytes_(self, *shape: int) -> str:
        return self.constant(self._generator.integers(-40, 40, shape), "int8")

    def scales(self, count: int) -> tuple[str, str]:
        """Scales and zero points, one for each filter."""
        return self.constant(self._generator.uniform(0.002, 0.006, count)), self.bytes_(count)

    def whole(self, x: str) -> str:
        made: str = self.op("QuantizeLinear", x, *self.point())
        return made

    def real(self, x: str) -> str:
        made: str = self.op("DequantizeLinear", x, *self.point())
        return made

    def qconv(self, x: str, before: int, filters: int, group: int = 1, name: str = "") -> str:
        kernel = self.bytes_(filters, before // group, 3, 3)
        bias = self.constant(self._generator.integers(-200, 200, filters), "int32")
        inputs = (x, *self.point(), kernel, *self.scales(filters), *self.point(), bias)
        made: str = self.op("QLinearConv", *inputs, name=name, group=group, pads=[1, 1, 1, 1])
        return made


def bytes_between(path: Path, body: Callable[[Quantized, str], str], channels: int = 8) -> Path:
    """A convolution named `before`, bytes, the body on its (N, 8, 6, 6), floats, and a convolution."""
    net = Quantized()
    x = net.whole(net.op("Relu", net.conv("image", 3, 8, name="before")))
    return net.save(path, [ended(net, net.real(body(net, x)), channels)])
