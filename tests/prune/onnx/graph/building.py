"""Build small ONNX files, a node a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.onnx_files import save, tensor

Image = ("N", 3, 6, 6)


class Net:
    """A graph that grows: every method returns the name of what was made."""

    def __init__(self, opset: int = 18, seed: int = 0) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._generator = np.random.default_rng(seed)

    def constant(self, value: Any, dtype: str = "float32") -> str:
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def random(self, *shape: int) -> str:
        return self.constant(self._generator.normal(0, 0.5, shape))

    def positive(self, *shape: int) -> str:
        return self.constant(self._generator.uniform(0.5, 1.5, shape))

    def integers(self, *values: int) -> str:
        return self.constant(values, "int64")

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str = "", **attributes: Any) -> Any:
        """A node; its only output's name, or a list of names."""
        name = name or f"{kind.lower()}_{len(self.nodes)}"
        made = [f"{name}.{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), made, name=name, **attributes))
        return made[0] if outputs == 1 else made

    def conv(self, x: str, before: int, filters: int, size: int = 3, name: str = "", **attributes: Any) -> str:
        """A convolution that keeps the size, with a bias."""
        group = attributes.get("group", 1)
        kernel, bias = self.random(filters, before // group, size, size), self.random(filters)
        settings = {"pads": [size // 2] * 4, **attributes}
        made: str = self.op("Conv", x, kernel, bias, name=name, **settings)
        return made

    def dense(self, x: str, before: int, units: int, name: str = "") -> str:
        made: str = self.op("Gemm", x, self.random(before, units), self.random(units), name=name)
        return made

    def save(
        self, path: Path, outputs: Sequence[str | onnx.ValueInfoProto], inputs: Sequence[onnx.ValueInfoProto] = ()
    ) -> Path:
        """Write the file; outputs are floats unless their type is said."""
        given = list(inputs) or [tensor("image", Image)]
        made = [tensor(each, None) if isinstance(each, str) else each for each in outputs]
        return save(path, self.nodes, given, made, self.weights, self.opset)
