"""Files of a newer onnx, and outputs that are no tensors (microsoft/onnxruntime#23602, onnx/sklearn-onnx#218)."""

from __future__ import annotations

import pytest

from tests.field.conftest import Command

CASE = "new_version_and_zipmap"
SHORT = ("--budget", "8", "--quiet")


@pytest.mark.parametrize(
    ("files", "said"), [(("good.onnx", "new_ir.onnx"), "IR version 99"), (("new_opset.onnx",), "opset 99")]
)
def test_a_version_that_is_too_new(harness: Command, files: tuple[str, ...], said: str) -> None:
    ran = harness("measure", *files, *SHORT)
    assert ran.code == 2
    assert f"harness: {files[-1]}" in ran.err
    assert said in ran.err
    assert "up to" in ran.err
    assert ran.err.count("\n") == 1
    assert "::" not in ran.err


def test_maps_are_measured_end_to_end(harness: Command) -> None:
    ran = harness("measure", "good.onnx", "zipmap.onnx", *SHORT, "--batch", "1", "--json")
    assert ran.code == 0
    assert {comparison["verdict"] for comparison in ran.json["comparisons"]} == {"slower"}


def test_maps_can_not_be_bound_to_a_device(harness: Command) -> None:
    ran = harness("measure", "zipmap.onnx", "--mode", "device", *SHORT)
    assert ran.code in {1, 2}
    assert "::" not in ran.out + ran.err
