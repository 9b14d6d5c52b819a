"""How long it takes to prune an ONNX file of 50 MB by half and to prove it: `make bench-prune-onnx`.

The file is a residual network like ResNet50, of two thirds of its widths, with random weights. Every repetition is a
process of its own, with nothing warmed up. Linux alone tells a process's peak memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bench import costs
from harness.base.crash import scratch

RESULT = Path(__file__).parent / "results" / "prune-onnx.md"
COMMAND = "make bench-prune-onnx"
WIDTH = 44  # filters of the first layer: 64 is ResNet50
STAGES = (3, 4, 6, 3)  # blocks
CLASSES = 1_000
WANTED_PRUNE_S, WANTED_PROVE_S = 20.0, 60.0


class _Net:
    """A graph that grows; its weights are drawn such that values stay of one size."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._generator = np.random.default_rng(0)

    def weight(self, *shape: int, spread: float, mean: float = 0.0) -> str:
        """Normally distributed numbers."""
        values = self._generator.normal(mean, spread, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(np.abs(values) if mean else values, f"w{len(self.weights)}"))
        return str(self.weights[-1].name)

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        """A node; its output's name."""
        self.nodes.append(helper.make_node(kind, list(inputs), [f"t{len(self.nodes)}"], **attributes))
        return str(self.nodes[-1].output[0])

    def conv(self, x: str, before: int, filters: int, size: int, stride: int = 1) -> str:
        """A convolution and a BatchNormalization."""
        kernel = self.weight(filters, before, size, size, spread=(2 / (before * size**2)) ** 0.5)
        made = self.op("Conv", x, kernel, strides=[stride] * 2, pads=[size // 2] * 4)
        scale, offset, mean = (self.weight(filters, spread=0.1, mean=each) for each in (1.0, 0.0, 0.0))
        return self.op("BatchNormalization", made, scale, offset, mean, self.weight(filters, spread=0.1, mean=1.0))

    def block(self, x: str, before: int, width: int, stride: int) -> str:
        """A bottleneck beside a shortcut, four times as many channels as its width."""
        inside = self.op("Relu", self.conv(x, before, width, 1))
        inside = self.op("Relu", self.conv(inside, width, width, 3, stride))
        beside = x if before == 4 * width and stride == 1 else self.conv(x, before, 4 * width, 1, stride)
        return self.op("Relu", self.op("Add", self.conv(inside, width, 4 * width, 1), beside))


def network(path: Path, width: int = WIDTH) -> Path:
    """Write the network as an ONNX file for images (N, 3, 224, 224)."""
    net = _Net()
    x = net.op("Relu", net.conv("image", 3, width, 7, 2))
    x, before = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4), width
    for stage, blocks in enumerate(STAGES):
        for number in range(blocks):
            x = net.block(x, before, width * 2**stage, 2 if stage and not number else 1)
            before = 4 * width * 2**stage
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    x = net.op("Gemm", x, net.weight(before, CLASSES, spread=before**-0.5), net.weight(CLASSES, spread=0.1))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 224, 224])
    scores = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["N", CLASSES])
    graph = helper.make_graph(net.nodes, "residual", [image], [scores], net.weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def once(width: int = WIDTH) -> dict[str, float]:
    """One repetition, in this process: read, pruned and proved; written; proved again from the files."""
    import harness

    with scratch() as folder:
        source, target = network(folder / "net.onnx", width), folder / "pruned.onnx"
        size = source.stat().st_size
        result, pruning = costs.watched(lambda: harness.prune(source, ratio=0.5))
        result.write(target)
        proof, verifying = costs.watched(lambda: harness.verify(source, target, result.plan))
    return {"largest_difference": proof.largest_difference, **costs.figures(size, prune=pruning, verify=verifying)}


def markdown(rows: list[dict[str, float]]) -> str:
    """The figures as a page."""
    lines = []
    for row in rows:
        alone = max(0.0, row["prune_s"] - row["verify_s"])
        shown = costs.cells(row, "prune", "verify")
        lines.append(f"| {shown} | {alone:.1f} | {row['largest_difference']:.1e} |")
    return "\n".join(
        [
            "# An ONNX file of 50 MB, pruned by half",
            "",
            f"{costs.conditions(COMMAND)} A residual network of {rows[0]['model_bytes'] / 1e6:.0f} MB, "
            "images 224 x 224. A row is a fresh process, nothing warmed up; CPU seconds are those of all its threads, "
            "memory is its growth at its peak, in sizes of the file. `harness prune` proves what it made; `harness "
            "verify` reads both files and proves it again; the difference is what pruning takes by itself. Wanted: "
            f"pruned in {WANTED_PRUNE_S:g} s, proved in {WANTED_PROVE_S:g} s.",
            "",
            "| prune and prove, s | CPU s | memory | verify, s | CPU s | memory | prune alone, s | difference |",
            "|---|---|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write the page."""
    text = markdown(costs.main(__doc__, "bench.prune_onnx", once))
    RESULT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
