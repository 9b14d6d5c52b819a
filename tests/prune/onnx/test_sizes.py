"""An ONNX file of any widths is the file that a prune to these widths writes, and its lengths are told beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from harness.measure.latency.designs import designs
from harness.measure.latency.stations import KERNELS, shared_out, stations
from harness.measure.latency.table import Kernel
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.running import Runner
from harness.prune.onnx.graph.trace import Trace, trace
from harness.prune.onnx.network import OnnxNetwork
from harness.prune.onnx.sizes import OnnxSizes
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def chain(path: Path) -> Path:
    """Names with slashes, one of them missing, and a Flatten before the Gemm."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="/block/first"), name="/block/Relu")
    x = net.op("Relu", net.conv(x, 8, 12, name="/block/second"))
    rows = net.op("Flatten", net.op("GlobalAveragePool", x))
    path = net.save(path, [net.dense(rows, 12, 3, name="/head")])
    model = onnx.load(path)
    model.graph.node[1].name = ""
    onnx.save(model, path)
    return path


def residual(path: Path) -> Path:
    """Two convolutions that an Add joins, a depthwise one, and a transposed one."""
    net = Net()
    x = net.conv("image", 3, 8, name="stem")
    x = net.op("Add", x, net.conv(net.op("Relu", x), 8, 8, name="side"))
    x = net.conv(x, 8, 8, name="depthwise", group=8)
    x = net.op("ConvTranspose", x, net.random(8, 6, 3, 3), name="up", pads=[1, 1, 1, 1])
    return net.save(path, [net.conv(x, 6, 2, name="last")])


def joined(path: Path) -> Path:
    """A Concat, and a Reshape whose target is computed from the batch."""
    net = Net()
    parts = [net.conv("image", 3, filters, name=f"part_{filters}") for filters in (5, 7)]
    x = net.op("Concat", *parts, axis=1)
    batch = net.op("Slice", net.op("Shape", "image"), net.integers(0), net.integers(1))
    rows = net.op("Reshape", x, net.op("Concat", batch, net.integers(12 * 36), axis=0))
    rows = net.op("MatMul", rows, net.random(12 * 36, 10), name="product")
    return net.save(path, [net.dense(rows, 10, 2, name="last")])


def recurrent(path: Path) -> Path:
    """A convolution whose channels an LSTM reads."""
    net = Net()
    x = net.op("Conv", "series", net.random(10, 4, 3), net.random(10), pads=[1, 1], name="conv")
    steps = net.op("Transpose", x, perm=[2, 0, 1])
    weights = [net.random(1, 24, 10), net.random(1, 24, 6), net.random(1, 48)]
    made = net.op("LSTM", steps, *weights, outputs=3, hidden_size=6, name="lstm")
    rows = net.op("Squeeze", made[1], net.integers(0))
    return net.save(path, [net.dense(rows, 6, 3, name="last")], [tensor("series", ("N", 4, 7))])


NETS = [chain, residual, joined, recurrent]


def read(make: Callable[[Path], Path], tmp_path: Path) -> tuple[Trace, OnnxSizes, list[int], tuple[int, ...]]:
    found = trace(read_onnx(make(tmp_path / "net.onnx")))
    full = [len(group.channels) for group in found.channels.groups()]
    return found, OnnxSizes(found), full, tuple(OnnxNetwork(tmp_path / "net.onnx", found).free())


@pytest.mark.parametrize("make", NETS)
def test_every_size_runs_and_has_the_lengths_that_were_told(make: Callable[[Path], Path], tmp_path: Path) -> None:
    found, sizes, full, free = read(make, tmp_path)
    seen = set()
    for widths in [full, *designs(full, free, 4, seed=5)]:
        made = sizes.sized(widths)
        held = {one.name: list(one.dims) for one in made.graph.initializer}
        nodes = {node.name: node for node in made.graph.node}
        for node in sizes.proto.graph.node:
            place = KERNELS[node.op_type][0] if node.op_type in KERNELS else None
            axes = None if place is None else sizes.kernel(node, place)
            if axes is not None:
                assert [axis.length(widths) for axis in axes] == held[nodes[node.name].input[place]]
                seen.add((node.name, tuple(held[nodes[node.name].input[place]])))
        Runner(made.SerializeToString()).run(found.graph.feeds[0])
    assert len(seen) > len({name for name, _ in seen})


@pytest.mark.parametrize("make", NETS)
def test_stations_are_the_nodes_with_kernels_and_what_follows_them(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    _, sizes, full, free = read(make, tmp_path)
    found = stations(sizes, {one.name: shape_of(one) for one in sizes.proto.graph.input})
    names = [name for node in sizes.proto.graph.node for name in (node.name, *filter(None, node.output))]
    assert sorted(name for station in found for name in station.nodes) == sorted(names)
    assert len({name for name in names if name}) == len([name for name in names if name])
    groups = {group for station in found for axis in (station.inputs, station.outputs) for group, _ in axis.each}
    assert groups >= set(free)
    assert all(station.outputs.length(full) > 0 for station in found[1:])


def shape_of(value: onnx.ValueInfoProto) -> list[int]:
    return [size.dim_value or 1 for size in value.type.tensor_type.shape.dim]


def test_a_depthwise_convolution_is_one_station_of_its_own_kind(tmp_path: Path) -> None:
    _, sizes, full, _ = read(residual, tmp_path)
    (apart,) = [station for station in stations(sizes, {"image": [1, 3, 6, 6]}) if station.apart]
    assert apart.inputs == apart.outputs
    assert apart.inputs.length(full) == 8
    assert apart.positions == 36
    assert apart.taps == 9


def test_a_dequantized_kernel_has_lengths_too(tmp_path: Path) -> None:
    net = Net()

    def dequantized(kernel: np.ndarray) -> str:
        scale = np.abs(kernel).max() / 127
        held = net.constant(np.round(kernel / scale), "int8")
        made: str = net.op("DequantizeLinear", held, net.constant(scale), net.constant(0, "int8"))
        return made

    generator = np.random.default_rng(0)
    x = net.op("Conv", "image", dequantized(generator.normal(size=(8, 3, 3, 3))), name="first")
    x = net.op("Conv", net.op("Relu", x), dequantized(generator.normal(size=(4, 8, 3, 3))), name="last")
    path = net.save(tmp_path / "net.onnx", [x])
    sizes = OnnxSizes(trace(read_onnx(path)))
    first, last = (node for node in sizes.proto.graph.node if node.op_type == "Conv")
    read_by_last, made_by_first = sizes.kernel(last, 1), sizes.kernel(first, 1)
    assert read_by_last is not None
    assert made_by_first is not None
    assert read_by_last[1] == made_by_first[0]
    assert read_by_last[1].each
    assert numpy_helper.to_array(sizes.proto.graph.initializer[0]).size


def test_positions_behind_a_computed_shape_are_those_of_the_run(tmp_path: Path) -> None:
    """Tokens whose number follows from the width that was given, which the graph leaves open."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    width = net.op("Cast", net.op("Cast", net.op("Gather", net.op("Shape", x), net.integers(3)), to=1), to=7)
    tokens = net.op("Reshape", x, net.op("Concat", net.integers(0, 8), net.op("Mul", width, net.integers(6)), axis=0))
    made = net.op("MatMul", net.op("Transpose", tokens, perm=[0, 2, 1]), net.random(8, 5), name="tokens")
    path = net.save(tmp_path / "net.onnx", [made], [tensor("image", ("N", 3, 6, None))])
    found = stations(OnnxSizes(trace(read_onnx(path, ["image:Nx3x6x20:float32"]))), {"image": (1, 3, 6, 20)})
    assert [(each.operator, each.positions) for each in found[1:]] == [("Conv", 120), ("MatMul", 120)]


def test_kernels_are_told_by_what_they_make_and_by_what_their_nodes_read_first_of_all_that_is_computed(
    tmp_path: Path,
) -> None:
    """As in Paddle's files: tensors are not named after their nodes, and constants stand before what is computed."""
    net = Net()
    x = net.op("Add", net.random(1, 8, 1, 1), net.op("Mul", net.random(1), net.conv("image", 3, 8, name="first")))
    path = net.save(tmp_path / "net.onnx", [net.conv(x, 8, 4, name="second")])
    model = onnx.load(path)
    for number, node in enumerate(model.graph.node[:-1]):
        made = node.output[0]
        for other in model.graph.node:
            other.input[:] = [f"maps_{number}.tmp" if name == made else name for name in other.input]
        node.output[0] = f"maps_{number}.tmp"
    onnx.save(model, path)
    found = stations(OnnxSizes(trace(read_onnx(path))), {"image": (1, 3, 6, 6)})
    kernels = [
        Kernel(name=name, operator="Conv", us=us) for name, us in (("maps_0.tmp_nchwc", 5), ("n2", 2), ("n3", 7))
    ]
    times, routes = shared_out(found, kernels)
    assert times == [0, 7, 7]
    assert routes == ["", "blocked", "plain"]
