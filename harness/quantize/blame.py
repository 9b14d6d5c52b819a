"""Which nodes make an INT8 file slower, or not as fast as it could be: what converts, and what is slower in INT8."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.measure.files.slowness import channel_step
from harness.measure.latency.side_by_side import kernels_of
from harness.measure.latency.table import Kernel
from harness.measure.model import CONVERTING, EIGHT_BITS, Placement
from harness.quantize.operators import KERNELS
from harness.records import Record
from harness.spec import MeasureSpec

if TYPE_CHECKING:
    import onnx

# What onnxruntime puts around float kernels of its own layout.
LAYOUT = ("ReorderInput", "ReorderOutput")
NEIGHBOUR = re.compile(r"\((\w+)\)")


class SlowerLayer(Record):
    """A kernel that takes longer in INT8, in microseconds a run: `filters` of so many `channels` each."""

    node: str
    operator: str
    float_us: float
    int8_us: float
    filters: int | None
    channels: int | None


class Blame(Record):
    """Where the time of an INT8 file goes at a batch size, in microseconds a run, by onnxruntime's profiler.

    `converting_us` is spent on so many `conversions`, which stand beside the operators counted in `around`; layers that
    take longer in INT8 are `slower`, the worst first. `step` is how many channels the device computes together.
    """

    batch: int
    float_us: float
    int8_us: float
    converting_us: float
    conversions: int
    around: Mapping[str, int]
    slower: tuple[SlowerLayer, ...]
    step: int


def blame(original: Path, quantized: Path, placed: Placement, spec: MeasureSpec, device: str) -> tuple[Blame, ...]:
    """What the profiler says of both files at each batch size, side by side in one process.

    Raises:
        MeasureError: a file can't be run.
    """
    import onnx

    weights = _weights(onnx.load(original).graph)
    found = []
    for batch in spec.batch_sizes:
        floats, ints = kernels_of([original, quantized], spec, device, batch)
        converting = [kernel for kernel in ints if kernel.operator in CONVERTING]
        found.append(
            Blame(
                batch=batch,
                float_us=sum(kernel.us for kernel in floats),
                int8_us=sum(kernel.us for kernel in ints),
                converting_us=sum(kernel.us for kernel in converting),
                conversions=len(converting),
                around=around(placed),
                slower=tuple(slower_layers(floats, ints, weights)),
                step=channel_step(device),
            )
        )
    return tuple(found)


def around(placed: Placement) -> dict[str, int]:
    """Beside which float operators the conversions stand, the commonest first; the graph's own ends are no operators."""
    counts: Counter[str] = Counter()
    for _, operator, before, after in placed.conversions or ():
        side = before if operator == CONVERTING[0] else after
        counts.update({name for name in NEIGHBOUR.findall(side) if name not in CONVERTING})
    return dict(counts.most_common())


def slower_layers(
    floats: Sequence[Kernel], ints: Sequence[Kernel], weights: Mapping[str, tuple[int, ...]]
) -> list[SlowerLayer]:
    """The kernels of 8-bit numbers that take longer than the float ones of the same node."""
    before = {kernel.name: kernel for kernel in floats}
    found = []
    for kernel in ints:
        name = node_of(kernel.name, before)
        eight_bits = kernel.operator.startswith("QLinear") or kernel.operator in EIGHT_BITS
        if name is not None and eight_bits and kernel.us > before[name].us:
            shape = weights.get(name, ())
            found.append(
                SlowerLayer(
                    node=name,
                    operator=before[name].operator,
                    float_us=before[name].us,
                    int8_us=kernel.us,
                    filters=shape[0] if shape else None,
                    channels=shape[1] if len(shape) > 1 else None,
                )
            )
    return sorted(found, key=lambda each: each.float_us - each.int8_us)


def node_of(name: str, known: Mapping[str, object]) -> str | None:
    """The float kernel that an 8-bit one takes the place of: that of its name, or of the name less what was added."""
    candidates = (name, name.removesuffix("_quant"), name.removesuffix("_nchwc"), f"{name}_nchwc")
    return next((each for each in candidates if each in known), None)


def _weights(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """The shape of each kernel's weights, (filters, channels, ...), by its node's name."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    found = {}
    for node in graph.node:
        if node.op_type in KERNELS and len(node.input) > 1 and node.input[1] in shapes:
            shape = shapes[node.input[1]]
            transposed = node.op_type == "Conv" or any(each.name == "transB" and each.i for each in node.attribute)
            found[node.name] = shape if transposed else tuple(reversed(shape))
    return found
