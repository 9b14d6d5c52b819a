"""Rules of attention, of products by an equation, and of recurrent nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.base.errors import PruneError
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net
from tests.prune.onnx.graph.halving import pruned, through

pytestmark = pytest.mark.without_tensorflow


def test_attention_loses_dimensions_of_its_heads(tmp_path: Path) -> None:
    """Query, key and value of two heads of four, from one kernel; the widths of the heads shrink alike."""
    net = Net()
    image = net.op("Reshape", net.conv("image", 3, 8, name="before"), net.integers(0, 8, -1))
    tokens = net.op("Transpose", image, perm=[0, 2, 1])
    mixed = net.op("Add", net.op("MatMul", tokens, net.random(8, 24), name="qkv"), net.random(24))
    heads = net.op("Transpose", net.op("Reshape", mixed, net.integers(0, -1, 3, 2, 4)), perm=[2, 0, 3, 1, 4])
    q, k, v = (net.op("Gather", heads, net.constant(place, "int64"), axis=0) for place in range(3))
    scores = net.op("Mul", net.op("MatMul", q, net.op("Transpose", k, perm=[0, 1, 3, 2])), net.constant(0.5))
    mixed = net.op("MatMul", net.op("Softmax", scores, axis=-1), v)
    joined = net.op("Reshape", net.op("Transpose", mixed, perm=[0, 2, 1, 3]), net.integers(0, -1, 8))
    out = net.op("MatMul", joined, net.random(8, 5), name="projection")
    result = harness.prune(net.save(tmp_path / "net.onnx", [out]), ratio=0.5)
    assert len(result.plan.kept["qkv"]) == 12
    assert len(result.plan.kept["before"]) == 4


def test_a_class_token_goes_with_its_channels(tmp_path: Path) -> None:
    """A constant that is repeated for each example, and joined with what the image gave: it is cut, not pinned."""
    net = Net()
    rows = net.op("Reshape", net.conv("image", 3, 8, name="before"), net.integers(0, 8, -1))
    tokens = net.op("Transpose", rows, perm=[0, 2, 1])
    batch = net.op("Gather", net.op("Shape", tokens), net.integers(0))
    token = net.op("Expand", net.random(1, 1, 8), net.op("Concat", batch, net.integers(1, 8), axis=0))
    both = net.op("Add", net.op("Concat", token, tokens, axis=1), net.random(1, 37, 8))
    hidden = net.op("Relu", net.op("MatMul", both, net.random(8, 10), name="hidden"))
    path = net.save(tmp_path / "net.onnx", [net.op("MatMul", hidden, net.random(10, 3), name="last")])
    pruned(path, before=4, hidden=5, last=3)


def test_einsum_of_a_kernel_and_of_two_tensors(tmp_path: Path) -> None:
    def body(net: Net, x: str) -> str:
        wide = net.op("Einsum", x, net.random(8, 6), name="wide", equation="nchw,cd->ndhw")
        scores = net.op("Einsum", wide, net.conv(wide, 6, 6, name="key"), equation="nchw,ncij->nhwij")
        return net.op("Relu", scores)

    pruned(through(tmp_path / "net.onnx", body), before=4, wide=3, key=3)


def test_what_recurrent_nodes_read(tmp_path: Path) -> None:
    """Channels of their input go."""
    for kind, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        net = Net()
        rows = net.op("Reshape", net.conv("image", 3, 8, name="before"), net.integers(0, 8, -1))
        series = net.op("Transpose", rows, perm=[2, 0, 1])
        kernels = net.random(1, gates * 5, 8), net.random(1, gates * 5, 5), net.random(1, gates * 10)
        out = net.op(kind, series, *kernels, outputs=1, hidden_size=5)
        result = harness.prune(net.save(tmp_path / f"{kind}.onnx", [out]), ratio=0.5)
        assert len(result.plan.kept["before"]) == 4


def series(net: Net) -> str:
    """The image's places as a series of eight channels."""
    rows = net.op("Reshape", net.conv("image", 3, 8, name="before"), net.integers(0, 8, -1))
    made: str = net.op("Transpose", rows, perm=[2, 0, 1])
    return made


@pytest.mark.parametrize("states", ["none", "zeros"])
def test_units_of_an_lstm_that_starts_from_zeros(tmp_path: Path, states: str) -> None:
    """Both directions lose the same units, inside as well; what reads them has its rows cut."""
    net = Net()
    kernels = net.random(2, 24, 8), net.random(2, 24, 6), net.random(2, 48)
    x = series(net)
    start = [] if states == "none" else [net.op("ConstantOfShape", net.integers(2, 1, 6)) for _ in range(2)]
    shape = ["", *start] if start else []
    image = tensor("image", (1, 3, 6, 6))
    out = net.op("LSTM", x, *kernels, *shape, name="lstm", hidden_size=6, direction="bidirectional")
    rows = net.op("Reshape", net.op("Transpose", out, perm=[0, 2, 1, 3]), net.integers(0, 0, 12))
    last = net.op("MatMul", rows, net.random(12, 3), name="last")
    result = harness.prune(net.save(tmp_path / "net.onnx", [last], [image]), ratio=0.5)
    assert {name: len(kept) for name, kept in result.plan.kept.items()} == {"before": 4, "lstm": 3, "last": 3}
    assert result.proof.holds


def test_units_of_an_lstm_that_is_given_its_state_stay(tmp_path: Path) -> None:
    net = Net()
    x = series(net)
    kernels = net.random(1, 24, 8), net.random(1, 24, 6), net.random(1, 48)
    out = net.op("LSTM", x, *kernels, "", "state", name="lstm", hidden_size=6)
    inputs = [tensor("image", (1, 3, 6, 6)), tensor("state", (1, 1, 6))]
    last = net.op("MatMul", out, net.random(6, 3))
    result = harness.prune(net.save(tmp_path / "net.onnx", [last], inputs), ratio=0.5)
    assert "lstm" not in result.plan.kept
    assert result.report.pinned["lstm"] == "units of a recurrent node stay"


EQUATIONS = {
    "with an ellipsis": lambda net, x: net.op("Einsum", x, net.random(8, 6), equation="nc...,cd->nd..."),
    "without an arrow": lambda net, x: net.op("Einsum", x, net.random(8, 6), equation="zchw,cd"),
    "one tensor, turned": lambda net, x: net.op(
        "MatMul", net.op("Einsum", x, equation="nchw -> nhwc"), net.random(8, 2)
    ),
    "one tensor, added up": lambda net, x: net.op("Einsum", x, equation="nchw->nhw"),
    "two tensors, added up": lambda net, x: net.op("Einsum", x, net.conv(x, 8, 8), equation="nc...,nc...->n..."),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_equations(tmp_path: Path, name: str) -> None:
    pruned(through(tmp_path / "net.onnx", EQUATIONS[name]), before=4)


@pytest.mark.parametrize("equation", ["nchw,cd,de->nehw", "nchh,cd->nd"])
def test_equations_that_no_rule_reads_are_pinned(tmp_path: Path, equation: str) -> None:
    def body(net: Net, x: str) -> str:
        others = [net.random(8, 6), net.random(6, 4)][: equation.count(",")]
        return str(net.op("Einsum", x, *others, name="product", equation=equation))

    with pytest.raises(PruneError, match=r"before .'product' has an equation that no rule reads"):
        harness.prune(through(tmp_path / "net.onnx", body), ratio=0.5)
