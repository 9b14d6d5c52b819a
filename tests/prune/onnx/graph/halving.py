"""A graph around an operator, and what is left of it when half of the channels before it go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx

import harness
from tests.prune.onnx.graph.building import Net

Body = Callable[[Net, str], Any]


def through(path: Path, body: Body, opset: int = 18, channels: int = 8) -> Path:
    """A convolution named `before`, the body on its (N, 8, 6, 6), and whatever the body makes flattened to a Gemm."""
    net = Net(opset)
    made = body(net, net.conv("image", 3, channels, name="before"))
    for each in made if isinstance(made, list) else [made]:
        if each != "out":
            net.nodes.append(onnx.helper.make_node("Identity", [each], [f"{each}.end"]))
    return net.save(path, [node.output[0] for node in net.nodes if node.output[0].endswith(".end")])


def ended(net: Net, x: str, channels: int = 8) -> str:
    """A convolution of two filters behind what is tested."""
    return net.conv(x, channels, 2, name="after")


def pruned(path: Path, **widths: int) -> Any:
    """Prune by half: as many channels as given are left of each node, and what is left is proved."""
    result = harness.prune(path, ratio=0.5)
    assert {name: len(result.plan.kept[name]) for name in widths} == widths
    assert result.proof.holds
    return result
