"""Planted mistakes, of the kinds that pruners make, in ONNX graphs: none gets past the proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import harness
from harness.base.errors import ProofError, UnprovableError
from harness.channels.names import along, spread
from harness.prune.files import read_plan
from harness.prune.onnx.graph import registry
from harness.prune.onnx.graph.site import Site
from harness.prune.onnx.verified import verify_onnx
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.heads import attention

pytestmark = pytest.mark.without_tensorflow


@pytest.fixture
def wrong_rule(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Site], Any]], None]:
    """Puts a wrong rule in the place of the right one."""
    return lambda kind, mistake: monkeypatch.setitem(registry._RULES, ("", kind), mistake)


def chain(path: Path, opset: int = 18) -> Path:
    """Convolution, BatchNormalization, Flatten and two dense layers."""
    net = Net(opset)
    x = net.conv("image", 3, 8, name="conv")
    x = net.op("BatchNormalization", x, net.positive(8), net.random(8), net.random(8), net.positive(8), name="norm")
    x = net.op("Flatten", net.op("Relu", x))
    return net.save(path, [net.dense(net.dense(x, 288, 6, name="hidden"), 6, 3, name="out")])


def branches(path: Path, kind: str = "Concat") -> Path:
    """Two convolutions that are joined, or added."""
    net = Net()
    a, b = net.conv("image", 3, 4, name="a"), net.conv("image", 3, 4, name="b")
    joined = net.op(kind, a, b, **({"axis": 1} if kind == "Concat" else {}))
    return net.save(path, [net.conv(joined, 8 if kind == "Concat" else 4, 2, name="after")])


def grouped(path: Path) -> Path:
    net = Net()
    x = net.conv(net.conv("image", 3, 8, name="before"), 8, 8, name="grouped", group=2)
    return net.save(path, [net.conv(x, 8, 2, name="after")])


def test_flatten_read_in_the_wrong_order(wrong_rule: Any, tmp_path: Path) -> None:
    """As if channels were last."""
    wrong_rule("Flatten", lambda site: np.moveaxis(site.names[0], 1, -1).reshape(site.out_shape))
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(chain(tmp_path / "net.onnx"), ratio=0.5)


def test_statistics_of_the_next_channel(wrong_rule: Any, tmp_path: Path) -> None:
    def mistake(site: Site) -> Any:
        ids = along(site.names[0], 1)
        for index in (1, 2):
            site.weight(index, {0: ids}, role="positive")
        for index in (3, 4):
            site.weight(index, {0: np.roll(ids, 1)}, role="positive")
        return site.names[0]

    wrong_rule("BatchNormalization", mistake)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(chain(tmp_path / "net.onnx"), filters=2, importance="random", seed=1)


def test_concatenated_in_the_other_order(wrong_rule: Any, tmp_path: Path) -> None:
    def mistake(site: Site) -> Any:
        return spread(np.concatenate([along(names, 1) for names in site.names[::-1]]), site.out_shape, 1)

    wrong_rule("Concat", mistake)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(branches(tmp_path / "net.onnx"), ratio=0.5)


def test_one_branch_of_an_add_pruned_alone(wrong_rule: Any, tmp_path: Path) -> None:
    wrong_rule("Add", lambda site: site.names[0])
    with pytest.raises(ProofError, match="does not run"):
        harness.prune(branches(tmp_path / "net.onnx", "Add"), ratio=0.5, keep=("b",))


def test_a_wrong_group_of_a_grouped_convolution(wrong_rule: Any, tmp_path: Path) -> None:
    """The input channels of the groups are matched in the wrong order; every shape is right."""

    def mistake(site: Site) -> Any:
        if site.attribute("group", 1) == 1:
            return right(site)
        ids = along(site.names[0], 1)
        made = site.create(8, 1)
        rows, columns = ids.reshape(2, -1), along(made, 1).reshape(2, -1)
        site.unify(rows[:1], rows, "")
        site.unify(columns[:1], columns, "")
        site.weight(1, {0: along(made, 1), 1: np.roll(rows[0], 1)}, makes=0)
        site.weight(2, {0: along(made, 1)}, role="offset")
        return made

    right = registry._RULES["", "Conv"]
    wrong_rule("Conv", mistake)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(grouped(tmp_path / "net.onnx"), ratio=0.25)


def test_an_operator_that_mixes_channels_taken_for_one_that_does_not(wrong_rule: Any, tmp_path: Path) -> None:
    wrong_rule("Softmax", lambda site: site.names[0])
    net = Net()
    mixed = net.op("Softmax", net.conv("image", 3, 8), axis=1)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(net.save(tmp_path / "net.onnx", [net.conv(mixed, 8, 2)]), ratio=0.5)


def test_a_constant_that_is_not_cut_where_it_should_be(wrong_rule: Any, tmp_path: Path) -> None:
    """Its first values, instead of those of the channels that stay."""

    def mistake(site: Site) -> Any:
        ids = along(site.names[0], 1)
        site.weight(1, {1: ids[::-1]}, role="factor")
        return site.names[0]

    wrong_rule("Mul", mistake)
    net = Net()
    scaled = net.op("Mul", net.conv("image", 3, 8), net.random(1, 8, 1, 1))
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(net.save(tmp_path / "net.onnx", [net.conv(scaled, 8, 2)]), ratio=0.5)


def test_biases_of_the_next_head(wrong_rule: Any, tmp_path: Path) -> None:
    """Columns of a table of constants, of which whole heads keep each other's."""

    def mistake(site: Site) -> Any:
        if not (site.is_constant(0) and site.is_constant(1)):
            return right(site)
        ids = site.lend(site.out_shape[-1])
        site.weight(0, {1: np.roll(ids, 1)}, role="other")
        return spread(ids, site.out_shape, 1)

    right = registry._RULES["", "Gather"]
    wrong_rule("Gather", mistake)
    with pytest.raises(ProofError, match="not the masked original"):
        harness.prune(attention(tmp_path / "net.onnx", heads=6, width=2), ratio=0.5, keep=("before",))


def test_a_stretched_norm_that_keeps_its_size(wrong_rule: Any, tmp_path: Path) -> None:
    wrong_rule("Expand", lambda site: next(names for _, names in site.beside()))
    net = Net()
    x = net.conv("image", 3, 8)
    norm = net.op("Expand", net.op("ReduceL2", x, net.integers(1), keepdims=1), net.integers(1, 8, 1, 1))
    with pytest.raises(ProofError, match="does not run"):
        harness.prune(net.save(tmp_path / "net.onnx", [net.conv(net.op("Div", x, norm), 8, 2)]), ratio=0.5)


def changed(path: Path, name: str, change: Callable[[Any], Any]) -> Path:
    """The same file with other values in the input of this node that is its kernel."""
    model = onnx.load(path)
    node = next(node for node in model.graph.node if node.name == name)
    tensor = next(each for each in model.graph.initializer if each.name == node.input[1])
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), tensor.name))
    onnx.save(model, path)
    return path


def verdict(tmp_path: Path, original: Path, name: str, change: Callable[[Any], Any]) -> Any:
    """What `verify` says of a pruned file in which a kernel was changed."""
    result = harness.prune(original, ratio=0.5)
    pruned = tmp_path / "pruned.onnx"
    result.write(pruned)
    assert verify_onnx(original, pruned, result.plan).holds
    return verify_onnx(original, changed(pruned, name, change), result.plan)


def test_groups_swapped_in_the_pruned_file(tmp_path: Path) -> None:
    said = verdict(tmp_path, grouped(tmp_path / "net.onnx"), "grouped", lambda kernel: np.roll(kernel, 2, axis=0))
    assert said.holds is False


def test_values_that_moved_by_a_hair(tmp_path: Path) -> None:
    said = verdict(tmp_path, chain(tmp_path / "net.onnx"), "norm", lambda scale: scale + np.float32(1e-3))
    assert said.holds is False
    assert "weights carried over" in said.why


def test_an_attribute_that_was_changed(tmp_path: Path) -> None:
    """Every weight is right, and the graph computes something else."""
    original, pruned = chain(tmp_path / "net.onnx"), tmp_path / "pruned.onnx"
    result = harness.prune(original, ratio=0.5)
    result.write(pruned)
    model = onnx.load(pruned)
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Tanh"
    onnx.save(model, pruned)
    said = verify_onnx(original, pruned, result.plan)
    assert said.holds is False
    assert all(value > 0.1 for name, value in said.proof.trials.items() if name != "weights carried over")


def test_a_removed_channel_of_another_plan(tmp_path: Path) -> None:
    original, pruned = chain(tmp_path / "net.onnx"), tmp_path / "pruned.onnx"
    one = harness.prune(original, ratio=0.5)
    other = harness.prune(original, ratio=0.5, importance="random", seed=5)
    assert one.plan.kept != other.plan.kept
    other.write(pruned)
    assert verify_onnx(original, pruned, one.plan).holds is False


def test_two_files_that_do_not_belong_together(tmp_path: Path) -> None:
    original = chain(tmp_path / "net.onnx")
    result = harness.prune(original, ratio=0.5)
    assert verify_onnx(original, original, result.plan).holds is False
    assert verify_onnx(original, grouped(tmp_path / "other.onnx"), result.plan).holds is False


def test_a_comparison_that_would_mean_nothing_is_no_proof(tmp_path: Path) -> None:
    """A branch that is multiplied by zero: its channels are removed, and nothing could tell."""
    net = Net()
    dead = net.op("Mul", net.conv("image", 3, 4, name="dead"), net.constant(0.0))
    joined = net.op("Concat", dead, net.conv("image", 3, 4, name="live"), axis=1)
    with pytest.raises(UnprovableError, match="can't prove anything"):
        harness.prune(net.save(tmp_path / "net.onnx", [net.conv(joined, 8, 2)]), ratio=0.5, keep=("live",))


def test_squashed_outputs_are_compared_before_they_are_squashed(tmp_path: Path) -> None:
    """Behind a saturated softmax both graphs say 1.0: only the logits differ."""
    net = Net()
    x = net.op("Relu", net.dense(net.op("Flatten", "image"), 108, 8, name="hidden"))
    logits = net.op("Gemm", x, net.random(8, 3), net.constant([500.0, 0.0, 0.0]), name="out")
    original = net.save(tmp_path / "net.onnx", [net.op("Softmax", logits, axis=1)])
    said = verdict(tmp_path, original, "hidden", lambda kernel: kernel + np.float32(0.5))
    assert said.holds is False


def test_the_plan_is_the_one_beside_the_file(tmp_path: Path) -> None:
    """What is written down is what is proved."""
    from harness.prune.onnx.files import OnnxJob, run_onnx_job
    from harness.spec import PruneSpec

    original = chain(tmp_path / "net.onnx")
    done = run_onnx_job(OnnxJob(original, tmp_path / "small.onnx", PruneSpec(ratio=0.5)))
    plan = read_plan(tmp_path / "small.plan.json")
    assert plan == done.result.plan
    assert verify_onnx(original, tmp_path / "small.onnx", plan).holds
