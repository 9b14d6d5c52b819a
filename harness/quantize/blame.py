"""Which nodes make an INT8 file slower, or not as fast as it could be: what converts, and what is slower in INT8."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.progress import Progress
from harness.measure.files.slowness import channel_step
from harness.measure.latency.side_by_side import kernels_of
from harness.measure.latency.table import Kernel
from harness.measure.model import CONVERTING, EIGHT_BITS, Placement
from harness.quantize.operators import ABSORBED, KERNELS
from harness.quantize.prepared import name_nodes
from harness.records import Blame, SlowerLayer
from harness.spec import MeasureSpec

if TYPE_CHECKING:
    import onnx


ADDED = re.compile(r"(_nchwc|_quant|_nhwc|_token_\d+|/\w+Fusion\w*)+$")
# What a kernel absorbs, or is folded into it.
FOLLOWING = (*ABSORBED, "BatchNormalization", "Add")
Shape = tuple[int, ...]


# By how much a layer must be slower to be blamed, as a share of the whole; the profiler counts microseconds.
MATTERS = 0.02


def blame(
    original: Path,
    quantized: Path,
    placed: Placement,
    spec: MeasureSpec,
    device: str,
    progress: Progress | None = None,
) -> tuple[Blame, ...]:
    """What the profiler says of both files at each batch size of `spec`, side by side in one process.

    Raises:
        MeasureError: a file can't be run.
    """
    import onnx

    graph = onnx.load(original, load_external_data=False).graph
    name_nodes(graph)
    owners, weights = owners_of(graph), _weights(graph)
    found = []
    for batch in spec.batch_sizes:
        floats, ints = kernels_of([original, quantized], spec, device, batch, progress)
        converting = [kernel for kernel in ints if kernel.operator in CONVERTING]
        whole = sum(kernel.us for kernel in ints)
        slower = slower_layers(floats, ints, owners, weights)
        found.append(
            Blame(
                batch=batch,
                float_us=sum(kernel.us for kernel in floats),
                int8_us=whole,
                converting_us=sum(kernel.us for kernel in converting),
                conversions=len(converting),
                around=around(placed),
                slower=tuple(each for each in slower if each.int8_us - each.float_us > MATTERS * whole),
                step=channel_step(device),
            )
        )
    return tuple(found)


def slower_nodes(
    original: Path, quantized: Path, spec: MeasureSpec, device: str, progress: Progress | None = None
) -> set[str]:
    """The kernels that the profiler says take longer in INT8, over all batch sizes together; each batch counts alike.

    Raises:
        MeasureError: a file can't be run.
    """
    import onnx

    owners = owners_of(onnx.load(original, load_external_data=False).graph)
    lost: Counter[str] = Counter()
    for batch in spec.batch_sizes:
        floats, ints = kernels_of([original, quantized], spec, device, batch, progress)
        whole = sum(kernel.us for kernel in floats)
        for node, (before, after) in beside(floats, ints, owners).items():
            lost[node] += (after.us - before.us) / whole  # type: ignore[assignment]
    return {node for node, share in lost.items() if share > 0}


def around(placed: Placement) -> dict[str, int]:
    """Beside which float operators the conversions stand, the commonest first; the graph's own ends are none."""
    return dict(Counter(name for name in placed.beside if name not in CONVERTING).most_common())


def slower_layers(
    floats: Sequence[Kernel], ints: Sequence[Kernel], owners: Mapping[str, str], weights: Mapping[str, Shape]
) -> list[SlowerLayer]:
    """The 8-bit kernels that take longer than the float ones of the same node; `owners` are nodes by kernels' names."""
    found = [
        SlowerLayer(
            node=node,
            operator=after.operator,
            float_us=before.us,
            int8_us=after.us,
            filters=weights[node][0] if node in weights else None,
            channels=weights[node][1] if node in weights else None,
        )
        for node, (before, after) in beside(floats, ints, owners).items()
        if after.us > before.us
    ]
    return sorted(found, key=lambda each: each.float_us - each.int8_us)


def beside(
    floats: Sequence[Kernel], ints: Sequence[Kernel], owners: Mapping[str, str]
) -> dict[str, tuple[Kernel, Kernel]]:
    """The float and the 8-bit kernel of each node that has both, by the node's name."""
    named = ((owners.get(plain(kernel.name)), kernel) for kernel in floats)
    before = {name: kernel for name, kernel in named if name is not None}
    found = {}
    for kernel in ints:
        node = owners.get(plain(kernel.name))
        eight_bits = kernel.operator.startswith("QLinear") or kernel.operator in EIGHT_BITS
        if node is not None and node in before and eight_bits:
            found[node] = before[node], kernel
    return found


def plain(name: str) -> str:
    """A kernel's name without what onnxruntime added to that of its node, or of what it writes."""
    return ADDED.sub("", name)


def owners_of(graph: onnx.GraphProto) -> dict[str, str]:
    """The kernel node that each node and tensor belongs to, where a kernel absorbs it: `relu_1` to `conv_1`."""
    makers = {name: node for node in graph.node for name in node.output}
    found: dict[str, str] = {}
    for node in graph.node:
        source: onnx.NodeProto | None = node
        while source is not None and source.op_type in FOLLOWING:
            source = makers.get(source.input[0])
        if source is not None and source.op_type in KERNELS:
            found.update(dict.fromkeys(map(plain, (node.name, *node.output)), source.name))
    return found


def _weights(graph: onnx.GraphProto) -> dict[str, Shape]:
    """The shape of each kernel's weights, (filters, channels, ...), by its node's name."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    found = {}
    for node in graph.node:
        if node.op_type in KERNELS and len(node.input) > 1 and node.input[1] in shapes:
            shape = shapes[node.input[1]]
            transposed = node.op_type == "Conv" or any(each.name == "transB" and each.i for each in node.attribute)
            found[node.name] = shape if transposed else tuple(reversed(shape))
    return found
