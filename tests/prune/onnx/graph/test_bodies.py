"""What the bodies of If, Loop and Scan read is pinned, and they are named; what lies before them can go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

import harness
from harness.base.errors import PruneError
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


def graph(
    name: str, nodes: Sequence[onnx.NodeProto], outputs: Sequence[Any], inputs: Sequence[Any] = ()
) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), name, list(inputs), list(outputs))


def choosing(net: Net, x: str) -> str:
    """Either branch reads the tensor from outside."""
    flag = net.op("Greater", net.op("ReduceMax", "image", keepdims=0), net.constant(0.0))
    bodies = {
        name: graph(name, [helper.make_node(kind, [x], [f"{name}.out"])], [tensor(f"{name}.out", None)])
        for name, kind in (("then_branch", "Relu"), ("else_branch", "Neg"))
    }
    return str(net.op("If", flag, name="choose", **bodies))


def nested(net: Net, x: str) -> str:
    """It is read two bodies deep."""
    flag = net.op("Greater", net.op("ReduceMax", "image", keepdims=0), net.constant(0.0))

    def inner(name: str) -> onnx.GraphProto:
        return graph(name, [helper.make_node("Relu", [x], [f"{name}.out"])], [tensor(f"{name}.out", None)])

    def outer(name: str) -> onnx.GraphProto:
        inside = {f"{each}_branch": inner(f"{name}.{each}") for each in ("then", "else")}
        return graph(name, [helper.make_node("If", [flag], [f"{name}.out"], **inside)], [tensor(f"{name}.out", None)])

    return str(net.op("If", flag, name="choose", then_branch=outer("one"), else_branch=outer("two")))


def looping(net: Net, x: str) -> str:
    """Carried from step to step, and read from outside as well."""
    body = graph(
        "body",
        [
            helper.make_node("Identity", ["condition"], ["go_on"]),
            helper.make_node("Add", ["state", x], ["next"]),
        ],
        [tensor("go_on", [], TensorProto.BOOL), tensor("next", None)],
        [tensor("step", [], TensorProto.INT64), tensor("condition", [], TensorProto.BOOL), tensor("state", None)],
    )
    return str(net.op("Loop", net.constant(2, "int64"), net.constant(True, "bool"), x, name="choose", body=body))


def scanning(net: Net, x: str) -> str:
    """Row by row."""
    body = graph(
        "body", [helper.make_node("Relu", ["row"], ["made"])], [tensor("made", None)], [tensor("row", None)]
    )  # fmt: skip
    return str(
        net.op(
            "Scan", x, name="choose", body=body, num_scan_inputs=1, scan_input_axes=[2], scan_output_axes=[2]
        )
    )  # fmt: skip


BODIES: dict[str, Callable[[Net, str], str]] = {
    "If": choosing, "If in an If": nested, "Loop": looping, "Scan": scanning
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_pins_what_it_reads_and_is_named(tmp_path: Path, name: str) -> None:
    net = Net()
    first = net.op("Relu", net.conv("image", 3, 8, name="first"))
    made = BODIES[name](net, net.conv(first, 8, 6, name="read"))
    path = net.save(tmp_path / "net.onnx", [net.conv(made, 6, 2)])
    result = harness.prune(path, ratio=0.5)
    assert len(result.plan.kept["first"]) == 4
    assert len(result.plan.kept["read"]) == 6
    assert "'choose'" in result.report.pinned["read"]
    assert result.report.pinned["choose"] == f"{name.split(maxsplit=1)[0]} has a body of its own"


def test_where_all_is_read_by_a_body_nothing_can_be_pruned(tmp_path: Path) -> None:
    net = Net()
    path = net.save(tmp_path / "net.onnx", [choosing(net, net.conv("image", 3, 8, name="before"))])
    with pytest.raises(PruneError, match=r"before \(a body of 'choose' \(If\) reads it\)"):
        harness.prune(path, ratio=0.5)


def test_a_kernel_that_a_body_reads_too_stays_whole_there(tmp_path: Path) -> None:
    """The convolution gets one of its own."""
    net = Net()
    kernel = net.random(8, 3, 3, 3)
    x = net.op("Conv", "image", kernel, name="before", pads=[1, 1, 1, 1])
    flag = net.op("Greater", net.op("ReduceMax", "image", keepdims=0), net.constant(0.0))
    bodies = {
        name: graph(
            name, [helper.make_node("ReduceSum", [kernel], [f"{name}.out"], keepdims=0)], [tensor(f"{name}.out", [])]
        )
        for name in ("then_branch", "else_branch")
    }
    total = net.op("If", flag, **bodies)
    path = net.save(tmp_path / "net.onnx", [net.op("Mul", net.conv(x, 8, 2), total)])
    result = harness.prune(path, ratio=0.5)
    assert len(result.plan.kept["before"]) == 4
    assert result.model.graph.initializers[kernel].const_value.shape.numpy() == (8, 3, 3, 3)
