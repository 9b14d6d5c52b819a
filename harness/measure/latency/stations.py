"""The stations of a graph: each node with weights, with what runs behind it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import onnx

from harness.measure.files.shapes import Shape, infer_shapes
from harness.measure.latency.sizes import Axis, Sizes
from harness.measure.latency.table import Kernel, Station

# Which input is the kernel, and which of its axes are read and made.
KERNELS = {
    "Conv": (1, 1, 0),
    "ConvInteger": (1, 1, 0),
    "ConvTranspose": (1, 0, 1),
    "DynamicQuantizeLSTM": (1, 1, 2),
    "Gemm": (1, 0, 1),
    "GRU": (1, 2, 1),
    "LSTM": (1, 2, 1),
    "MatMul": (1, -2, -1),
    "MatMulInteger": (1, -2, -1),
    "QGemm": (3, 0, 1),
    "QLinearConv": (3, 1, 0),
    "QLinearMatMul": (3, -2, -1),
    "RNN": (1, 2, 1),
}
ONE = Axis(1)
BLOCKED = "_nchwc"  # onnxruntime's ending for convolutions and poolings in the layout of blocks of channels


def stations(sizes: Sizes, inputs: Mapping[str, Sequence[int]]) -> tuple[Station, ...]:
    """The stations of a network fed with one example, in graph order; the first has what comes before any weights.

    `inputs` are the shapes fed, by name.
    """
    shapes = infer_shapes(sizes.proto, inputs) | {name: tuple(shape) for name, shape in sizes.shapes.items()}
    owners: dict[str, int] = {}  # the station of each tensor
    found: list[Station] = [
        Station(operator="", inputs=Axis(0), outputs=Axis(0), positions=0, taps=0, apart=False, nodes=())
    ]
    members: list[list[str]] = [[]]
    for node in sizes.proto.graph.node:
        made = _station(node, sizes, shapes)
        if made is not None:
            found.append(made)
            members.append([])
            station = len(found) - 1
        else:
            station = next((owners[name] for name in node.input if name in owners), 0)
        members[station] += [node.name, *filter(None, node.output)]  # a blocked kernel is named after what it makes
        owners |= dict.fromkeys(node.output, station)
    return tuple(one.model_copy(update={"nodes": tuple(names)}) for one, names in zip(found, members, strict=True))


def _station(node: onnx.NodeProto, sizes: Sizes, shapes: Mapping[str, Shape]) -> Station | None:
    """The station that a node begins; None where it has no kernel, or one that is computed."""
    if node.op_type not in KERNELS:
        return None
    kernel, *axes = KERNELS[node.op_type]
    dims = sizes.kernel(node, kernel)
    if dims is None or len(dims) < 2:
        return None
    if node.op_type in ("Gemm", "QGemm") and any(each.name == "transB" and each.i for each in node.attribute):
        axes.reverse()
    reads, makes = (dims[axis] for axis in axes)
    convolves = "Conv" in node.op_type
    groups = next((each.i for each in node.attribute if each.name == "group"), 1)
    apart = groups > 1 and ONE in (reads, makes)
    wide = makes if reads == ONE else reads
    out = shapes.get(node.output[0]) or ()
    return Station(
        operator=node.op_type,
        inputs=wide if apart else reads,
        outputs=wide if apart else makes,
        positions=math.prod(size or 1 for size in (out[2:] if convolves else out[1:-1])),
        taps=math.prod(axis.fixed for axis in dims[2:]) if convolves else 1,
        apart=apart,
        nodes=(),
    )


def shared_out(found: Sequence[Station], kernels: Iterable[Kernel]) -> tuple[list[float], list[str]]:
    """Microseconds of each station, and how its weights were worked on, by the kernels that ran.

    onnxruntime fuses nodes and names the kernel after one of them; what it inserts (a change of layout) is named
    after none, and belongs to what runs next.
    """
    owners = {name: number for number, one in enumerate(found) for name in one.nodes}
    times, routes, waiting = [0.0] * len(found), [""] * len(found), 0.0
    last = 0
    for kernel in kernels:
        owner = _owner(kernel.name, owners)
        if owner is None:
            waiting += kernel.us
            continue
        times[owner] += kernel.us + waiting
        waiting, last = 0.0, owner
        if not routes[owner]:
            routes[owner] = "blocked" if kernel.name.endswith(BLOCKED) else "plain"
    times[last] += waiting
    return times, routes


def _owner(name: str, owners: Mapping[str, int]) -> int | None:
    """The station of a kernel: by its node's name, or the first of the names that it is put together of."""
    plain = name.removesuffix(BLOCKED)
    if plain in owners:
        return owners[plain]
    return next((owners[part] for part in plain.replace("/", " ").split() if part in owners), None)
