"""Dynamic axes, nameless sizes, a fixed batch, indices (microsoft/onnxruntime#13198 and #12955)."""

from __future__ import annotations

import pytest

from tests.field.conftest import Command

CASE = "open_sizes"
SIZES = ("--input", "image:Nx3x64x64:float32")
SHORT = ("--budget", "8", "--quiet")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("open.onnx",), "--input image:Nx3x"),
        (("nameless.onnx",), "--input image:Nx3x"),
        (("tokens.onnx",), "--input tokens:"),
        (("open.onnx", "--input", "picture:Nx3x64x64:float32"), "picture"),
        (("open.onnx", "--input", "image:Nx3x64:float32"), "image"),
    ],
)
def test_what_is_not_known_is_asked_for(harness: Command, arguments: tuple[str, ...], said: str) -> None:
    ran = harness("measure", *arguments, *SHORT)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("other", ["open.onnx", "nameless.onnx"])
def test_fixed_and_open_are_the_same_kernels(harness: Command, other: str) -> None:
    """So none is called faster or slower; on a noisy machine they may not be called equivalent in so short a time."""
    ran = harness("measure", "fixed.onnx", other, *SIZES, "--batch", "1,8", *SHORT, "--json")
    assert ran.code == 0
    verdicts = {comparison["verdict"] for comparison in ran.json["comparisons"]}
    assert verdicts <= {"equivalent", "inconclusive"}


def test_a_fixed_batch_is_invalid_elsewhere_and_said_so(harness: Command) -> None:
    ran = harness("measure", "fixed.onnx", "batch1.onnx", "--batch", "1,8", *SHORT)
    assert ran.code == 1
    assert "fixed" in ran.out
    assert "busy" not in ran.out


def test_indices_are_legal(harness: Command) -> None:
    assert harness("measure", "tokens.onnx", "--input", "tokens:Nx32:int64", *SHORT).code == 0
