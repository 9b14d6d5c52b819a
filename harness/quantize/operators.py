"""Which nodes of a graph can be computed in INT8, and which are better left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

# What INT8 is for: these do a network's work, and onnxruntime's CPU has 8-bit kernels for them.
KERNELS = ("Conv", "Gemm", "MatMul")
# What has 8-bit kernels too, or passes 8-bit numbers on: between two of the above it need not convert.
BETWEEN = (
    *("Relu", "Clip", "LeakyRelu", "Sigmoid", "Add", "Mul", "Concat", "Where"),
    *("AveragePool", "GlobalAveragePool", "MaxPool", "Resize"),
    *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Split", "Gather", "Slice"),
)
OPERATORS = (*KERNELS, *BETWEEN)
# What becomes a part of the kernel before it.
ABSORBED = ("Relu", "Clip")
# No work that is done in floats: constants, and what asks for shapes.
NO_WORK = ("Constant", "ConstantOfShape", "Shape", "Size", "Cast", "Identity", "Range", "Expand")
QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "MatMulInteger", "QGemm")


@dataclass(frozen=True)
class Layer:
    """A kernel and what follows it up to the next one, by the names of the nodes."""

    kernel: str
    operator: str
    between: tuple[str, ...]
    absorbed: tuple[str, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """All of them."""
        return (self.kernel, *self.absorbed, *self.between)


@dataclass(frozen=True)
class Nodes:
    """A graph's nodes: `layers` can be quantized; `tail`, behind the last kernel, makes the answers and stays float."""

    layers: tuple[Layer, ...]
    tail: tuple[str, ...]
    others: Mapping[str, int]

    @property
    def quantizable(self) -> tuple[str, ...]:
        """The names of the nodes that can be quantized."""
        return tuple(name for layer in self.layers for name in layer.nodes)

    @property
    def between(self) -> tuple[str, ...]:
        """Those that only stand between kernels."""
        return tuple(name for layer in self.layers for name in layer.between)


def is_quantized(graph: onnx.GraphProto) -> bool:
    """Whether a graph holds 8-bit numbers already."""
    return any(node.op_type in QUANTIZED or node.op_type.startswith("QLinear") for node in graph.node)


def nodes_of(graph: onnx.GraphProto) -> Nodes:
    """The nodes of a graph of named nodes, in the order in which they stand."""
    needed = _before_kernels(graph.node)
    kernels = [node for node in graph.node if node.op_type in KERNELS]
    groups: dict[str, list[onnx.NodeProto]] = {node.name: [] for node in kernels}
    tail: list[str] = []
    current = ""
    for node in graph.node:
        if node.op_type in KERNELS:
            current = node.name
        elif node.name not in needed:
            tail.append(node.name)
        elif node.op_type in BETWEEN and current:
            groups[current].append(node)
    layers = tuple(
        Layer(
            kernel=node.name,
            operator=node.op_type,
            between=tuple(each.name for each in groups[node.name] if each.op_type not in ABSORBED),
            absorbed=tuple(each.name for each in groups[node.name] if each.op_type in ABSORBED),
        )
        for node in kernels
    )
    known = {name for layer in layers for name in layer.nodes}
    left = (node.op_type for node in graph.node if node.name not in known and node.op_type not in NO_WORK)
    return Nodes(layers, tuple(tail), dict(Counter(left)))


def _before_kernels(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """The names of the nodes that some kernel needs."""
    wanted: set[str] = set()
    found: set[str] = set()
    for node in reversed(list(nodes)):
        if node.op_type in KERNELS or wanted.intersection(node.output):
            found.add(node.name)
            wanted.update(node.input)
    return found


def told(counts: Mapping[str, int], most: int = 4) -> str:
    """Operators and how many there are of each: `LSTM, Softmax (3)`."""
    parts = [name if count == 1 else f"{name} ({count})" for name, count in sorted(counts.items())]
    return ", ".join(parts[:most]) + (f" and {len(parts) - most} more" if len(parts) > most else "")


def names_of(layers: Sequence[Layer]) -> tuple[str, ...]:
    """The names of all nodes of some layers."""
    return tuple(name for layer in layers for name in layer.nodes)
