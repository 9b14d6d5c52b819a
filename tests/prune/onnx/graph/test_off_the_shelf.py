"""Files that others made (`make fetch-onnx`): each is proved, or says why nothing can be pruned."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.onnx_files import RATIOS, SIX, files, of_file, once
from harness.base.errors import HarnessError
from harness.measure.latency.designs import designs
from harness.measure.latency.stations import KERNELS
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.trace import trace
from harness.prune.onnx.network import OnnxNetwork
from harness.prune.onnx.sizes import OnnxSizes

pytestmark = pytest.mark.without_tensorflow

FOLDER = Path(__file__).parents[4] / "runs" / "onnx-files"
FILES = {f"{path.parent.name}/{path.stem}": path for path in files(FOLDER)}


@pytest.mark.slow
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("name", FILES or ["none"])
def test_it_is_proved_or_says_why_not(name: str, ratio: float) -> None:
    """Each at each ratio."""
    if not FILES:
        pytest.skip("no files: run make fetch-onnx")
    row = once(FILES[name], ratio)
    if row.weights is None:
        assert "nothing can be pruned: " in row.why
        return
    assert row.difference is not None
    assert row.difference <= 1e-5
    assert row.weights < 1


@pytest.mark.slow
@pytest.mark.parametrize("stem", SIX)
def test_little_is_left_of_the_six(stem: str) -> None:
    """Half of every group does for all but `common_old`, half of whose 8,210 classes' weights are 31 % of all."""
    paths = [path for path in FILES.values() if path.stem == stem]
    if not paths:
        pytest.skip("no files: run make fetch-onnx")
    last = list(of_file(paths[0]))[-1]
    assert last.enough
    assert last.difference is not None
    assert last.difference <= 1e-5
    assert last.ratio <= (0.52 if stem == "common_old" else 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES or ["none"])
def test_every_size_of_it_has_the_lengths_that_were_told(name: str) -> None:
    """So the latency model knows what each kernel reads and makes at widths that were never timed."""
    if not FILES:
        pytest.skip("no files: run make fetch-onnx")
    try:
        found = trace(read_onnx(FILES[name]))
        free = tuple(OnnxNetwork(FILES[name], found).free())
    except HarnessError as error:
        pytest.skip(str(error))
    sizes = OnnxSizes(found)
    for widths in designs([len(group.channels) for group in found.channels.groups()], free, 2, seed=5):
        made = sizes.sized(widths)
        held = {one.name: list(one.dims) for one in made.graph.initializer}
        nodes = {node.name: node for node in made.graph.node}
        for node in sizes.proto.graph.node:
            place = KERNELS[node.op_type][0] if node.op_type in KERNELS else None
            axes = None if place is None else sizes.kernel(node, place)
            if place is not None and axes is not None and nodes[node.name].input[place] in held:
                assert [axis.length(widths) for axis in axes] == held[nodes[node.name].input[place]]
