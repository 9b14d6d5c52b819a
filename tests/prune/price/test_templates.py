"""A file cut from the template has the lengths that an export of the same widths has, in every kind of network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import onnx
import pytest

from harness.export.exporting import onnx_from_keras
from harness.measure.latency.designs import designs
from harness.measure.latency.stations import stations
from harness.measure.latency.template import Template, unshared
from harness.prune.data.given import Data
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace
from harness.prune.price.keras_network import KerasNetwork
from tests.prune.nets import chain, dense_blocks, grouped, randomised, residual, squeeze_excite


def exported(model: keras.Model, found: Trace, widths: list[int], folder: Path) -> onnx.ModelProto:
    """The network really cut to these widths, and exported."""
    groups = found.channels.groups()
    gone = [root for group, width in zip(groups, widths, strict=True) for root in group.channels[width:]]
    onnx_from_keras(remove(model, found, found.channels.removed(gone)), folder / "cut.onnx")
    return unshared(onnx.load(folder / "cut.onnx"))


def described(proto: onnx.ModelProto) -> tuple[object, ...]:
    nodes = [(node.op_type, [str(attribute) for attribute in node.attribute]) for node in proto.graph.node]
    return nodes, {tensor.name: list(tensor.dims) for tensor in proto.graph.initializer}


@pytest.mark.parametrize("build", [chain, residual, dense_blocks, squeeze_excite, grouped])
def test_a_file_from_the_template_has_the_lengths_of_an_export(
    build: Callable[[], keras.Model], tmp_path: Path
) -> None:
    model = randomised(build())
    network = KerasNetwork.of(model, Data.given(None, 0))
    found, free = network.found, tuple(network.free())
    full = [len(group.channels) for group in found.channels.groups()]
    made: Template = network.sizes(free)
    for widths in designs(full, free, 2, seed=5):
        assert described(made.sized(widths)) == described(exported(model, found, widths, tmp_path))
    reads = {station.inputs.length(full) for station in stations(made, {})}
    assert len(reads) > 1
    keras.backend.clear_session(free_memory=False)
