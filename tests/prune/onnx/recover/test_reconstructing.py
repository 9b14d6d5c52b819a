"""Kernels of pruned ONNX graphs solved again: what can be regained exactly is, and nothing comes out worse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import harness
from harness.base.errors import PruneError
from harness.prune.onnx.graph.running import Runner
from harness.prune.onnx.verified import verify_onnx
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def images(count: int = 160, seed: int = 0) -> Any:
    return np.random.default_rng(seed).random((count, 3, 6, 6)).astype(np.float32)


def twins(path: Path, **attributes: Any) -> Path:
    """Filters of the first layer come in equal pairs, so that half of them say all that all do."""
    net = Net()
    kernel, bias = np.random.default_rng(1).normal(0, 0.5, (4, 3, 3, 3)), np.random.default_rng(2).normal(0, 0.2, 4)
    double = net.constant(np.concatenate([kernel, kernel])), net.constant(np.concatenate([bias, bias]))
    x = net.op("Relu", net.op("Conv", "image", *double, name="first", pads=[1, 1, 1, 1]))
    x = net.conv(x, 8, 6, name="second", **attributes)
    rows = net.op("Flatten", net.op("GlobalAveragePool", net.op("Relu", x)))
    return net.save(path, [net.dense(rows, 6, 4, name="last")])


@pytest.mark.parametrize(
    "attributes",
    [{}, {"strides": [2, 2]}, {"dilations": [2, 2]}, {"group": 2}, {"pads": [0, 2, 1, 0]}],
    ids=["plain", "strides", "dilations", "groups", "odd pads"],
)
def test_what_twins_said_is_regained(tmp_path: Path, attributes: dict[str, Any]) -> None:
    """Channels 0 to 3 go, whose twins stay: the second layer's kernel makes up for them, in full."""
    path = twins(tmp_path / "net.onnx", **attributes)
    groups = attributes.get("group", 1)
    gone = [0, 1, 2, 3] if groups == 1 else [0, 1]
    result = harness.prune(path, remove={"first": gone}, recover="reconstruct", data=images())
    assert result.proof.holds
    told = result.reconstruction
    if groups == 1:
        assert told.before > 1e-3
        assert told.after < 1e-9
        assert [layer.layer for layer in told.solved] == ["second", "last"]
    x = images(8, 5)
    original, pruned = Runner(path.read_bytes()).run({"image": x})[0], Runner(result.model).run({"image": x})[0]
    if groups == 1:
        np.testing.assert_allclose(original, pruned, rtol=0, atol=1e-4 * float(np.abs(original).max()))
    else:
        assert told.after <= told.before


@pytest.mark.parametrize(("importance", "regained"), [({}, True), ({"importance": "l1"}, False)])
def test_one_of_each_pair_goes_where_kernels_are_solved_again(
    tmp_path: Path, importance: dict[str, str], regained: bool
) -> None:
    """By weights alone both of a pair go, which weigh as much: what they said is lost."""
    path = twins(tmp_path / "net.onnx")
    kept = {"ratio": 0.5, "keep": ("second",), "recover": "reconstruct", "data": images()}
    told = harness.prune(path, **kept, **importance).reconstruction
    assert (told.after < 1e-9) == regained


def test_it_comes_nearer_where_nothing_is_exact(tmp_path: Path) -> None:
    net = Net()
    x = net.op("Relu", net.conv(net.op("Relu", net.conv("image", 3, 12, name="a")), 12, 12, name="b"))
    tokens = net.op("Transpose", net.op("Reshape", x, net.integers(0, 12, -1)), perm=[0, 2, 1])
    out = net.op("MatMul", tokens, net.random(12, 5), name="c")
    path = net.save(tmp_path / "net.onnx", [out])
    told = harness.prune(path, ratio=0.5, recover="reconstruct", data=images()).reconstruction
    assert not told.undone
    assert told.after < 0.5 * told.before
    assert {layer.layer for layer in told.solved} == {"b", "c"}


def test_what_can_not_be_solved_is_named(tmp_path: Path) -> None:
    """A kernel that two nodes share, and none that is a constant."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    kernel = net.random(8, 8, 1, 1)
    both = net.op("Add", net.op("Conv", x, kernel, name="one"), net.op("Conv", net.op("Tanh", x), kernel, name="two"))
    told = harness.prune(
        net.save(tmp_path / "net.onnx", [net.conv(both, 8, 2, name="last")]),
        ratio=0.5,
        recover="reconstruct",
        data=images(),
    ).reconstruction
    assert told.kept == {"one": "it shares its kernel", "two": "it shares its kernel"}
    assert {layer.layer for layer in told.solved} == {"last"}


def test_a_reconstructed_file_is_not_the_original_cut(tmp_path: Path) -> None:
    """`verify` can't tell, and says why; of the architecture it can."""
    from harness.prune.onnx.api import Given
    from harness.prune.onnx.files import OnnxJob, run_onnx_job
    from harness.spec import PruneSpec

    path = twins(tmp_path / "net.onnx")
    spec = PruneSpec(ratio=0.5, recover="reconstruct")
    done = run_onnx_job(OnnxJob(path, tmp_path / "small.onnx", spec, given=Given(images())))
    assert done.about.reconstruction is not None
    said = verify_onnx(path, tmp_path / "small.onnx", done.result.plan)
    assert said.holds is None
    assert "kernels were solved again" in said.why
    assert verify_onnx(path, tmp_path / "small.onnx", done.result.plan, architecture=True).holds


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "needs examples"),
        (images(1), "give two batches"),
        (images()[:, :, :3], "takes 3x6x6 for each example, and the data has 3x3x6"),
        (np.full((40, 3, 6, 6), np.nan, np.float32), "NaN"),
        ({"other": images()}, "no input 'other'"),
    ],
)
def test_examples_that_do_not_do(tmp_path: Path, data: Any, message: str) -> None:
    with pytest.raises(PruneError, match=message):
        harness.prune(twins(tmp_path / "net.onnx"), ratio=0.5, recover="reconstruct", data=data)


def test_what_is_kept_of_the_answers(tmp_path: Path) -> None:
    """All of them where twins were regained; less where the pruned graph is left as it was cut."""
    path, others = twins(tmp_path / "net.onnx"), images(50, 9)
    gone = {"remove": {"first": [0, 1, 2, 3]}, "data": images(), "judge_by": others}
    solved = harness.prune(path, recover="reconstruct", **gone).agreement.outputs
    cut = harness.prune(path, **gone).agreement
    (kept,), (lost,) = solved.values(), cut.outputs.values()
    assert cut.examples == 48  # in batches of 16
    assert kept.top1 == 1
    assert kept.cosine["1"] > 0.9999
    assert kept.relative_error["99"] < 1e-3
    assert lost.relative_error["50"] > 10 * kept.relative_error["99"]
    assert lost.relative_error["50"] <= lost.relative_error["90"] <= lost.relative_error["99"]
    assert lost.cosine["1"] <= lost.cosine["10"] <= lost.cosine["50"] < 1


def test_several_inputs(tmp_path: Path) -> None:
    net = Net()
    x = net.op("Relu", net.dense("a", 5, 12, name="first"))
    y = net.op("Relu", net.dense("b", 4, 12, name="other"))
    last = net.dense(net.op("Add", x, y), 12, 3, name="last")
    path = net.save(tmp_path / "net.onnx", [last], [tensor("a", ("N", 5)), tensor("b", ("N", 4))])
    generator = np.random.default_rng(0)
    data = {name: generator.random((100, size)).astype(np.float32) for name, size in (("a", 5), ("b", 4))}
    told = harness.prune(path, ratio=0.5, recover="reconstruct", data=data).reconstruction
    assert told.after <= told.before


@pytest.mark.parametrize("said", [(), ("image:1x3x6x6:float32",)], ids=["by the graph", "by --input"])
def test_a_file_that_runs_on_one_example_alone_is_fed_one_at_a_time(tmp_path: Path, said: tuple[str, ...]) -> None:
    """It declares any number, and reshapes to one."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    target = net.integers(-1, 288) if said else net.integers(1, 288)
    path = net.save(tmp_path / "net.onnx", [net.dense(net.op("Reshape", x, target), 288, 4)])
    asked = {"ratio": 0.5, "importance": "activation", "recover": "reconstruct", "inputs": said}
    result = harness.prune(path, **asked, data=images(40), judge_by=images(8, 1))
    assert result.reconstruction.images == 40
    assert result.agreement.examples == 8


def behind(net: Net, x: str, way: str) -> str:
    """Eight channels to six, without a bias of the node's own; something right behind has one number for each."""
    if way == "an Add":
        made: str = net.op("Add", net.op("Conv", x, net.random(6, 8, 1, 1), name="second"), net.random(1, 6, 1, 1))
        return made
    if way == "a BatchNormalization":
        x = net.op("Conv", x, net.random(6, 8, 3, 3), name="second")
        normalized: str = net.op(
            "BatchNormalization", x, net.positive(6), net.random(6), net.random(6), net.positive(6)
        )
        return normalized
    tokens = net.op("Transpose", net.op("Reshape", x, net.integers(0, 8, -1)), perm=[0, 2, 1])
    shifted: str = net.op("Add", net.random(6), net.op("MatMul", tokens, net.random(8, 6), name="second"))
    return shifted


@pytest.mark.parametrize("way", ["an Add", "a BatchNormalization", "an Add behind tokens"])
def test_what_stands_behind_takes_up_a_bias(tmp_path: Path, way: str) -> None:
    """Channels that are the same everywhere, 0 to 3, are worth a bias: without one, their loss can't be made up for."""
    net = Net()
    kernel, bias = net.constant(np.random.default_rng(1).normal(0, 0.5, (8, 3, 3, 3))), np.linspace(1, 2, 8)
    flat = net.constant(np.concatenate([np.zeros(4), np.ones(4)]).reshape(1, 8, 1, 1))
    maps = net.op("Mul", net.op("Conv", "image", kernel, name="first", pads=[1, 1, 1, 1]), flat)
    x = net.op("Relu", net.op("Add", maps, net.constant(bias.reshape(1, 8, 1, 1))))
    path = net.save(tmp_path / "net.onnx", [net.op("Tanh", behind(net, x, way))])
    result = harness.prune(path, remove={"first": [0, 1, 2, 3]}, recover="reconstruct", data=images())
    assert result.proof.holds
    assert result.reconstruction.before > 1e-3
    assert result.reconstruction.after < 1e-9


def test_what_others_read_too_takes_up_no_bias(tmp_path: Path) -> None:
    """An Add whose constant another node reads, or a product that something else reads, stays as it is."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    shared, second = net.random(1, 6, 1, 1), net.op("Conv", x, net.random(6, 8, 1, 1), name="second")
    one = net.op("Add", second, shared)
    other = net.op("Mul", net.op("Conv", x, net.random(6, 8, 1, 1), name="other"), shared)
    path = net.save(tmp_path / "net.onnx", [net.op("Add", one, other)])
    before = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
    result = harness.prune(path, ratio=0.5, recover="reconstruct", data=images())
    left = result.model.graph.initializers[shared].const_value.numpy()
    np.testing.assert_array_equal(left, before[shared])
    assert {layer.layer for layer in result.reconstruction.solved} == {"second", "other"}


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": [2, 2]},
        {"strides": [2, 2], "pads": [1, 0, 0, 1], "output_padding": [1, 0]},
        {"dilations": [2, 1], "auto_pad": "SAME_UPPER"},
        {"group": 2, "strides": [3, 1]},
    ],
    ids=["strides", "odd pads", "dilations", "groups"],
)
def test_transposed_convolutions_are_solved(tmp_path: Path, attributes: dict[str, Any]) -> None:
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 12, name="first"))
    kernel = net.random(12, 6 // attributes.get("group", 1), 3, 3)
    x = net.op("ConvTranspose", x, kernel, net.random(6), name="second", **attributes)
    path = net.save(tmp_path / "net.onnx", [net.op("Tanh", x)])
    told = harness.prune(path, ratio=0.5, recover="reconstruct", data=images()).reconstruction
    assert [layer.layer for layer in told.solved] == ["second"]
    assert not told.kept
    assert told.after < 0.9 * told.before
