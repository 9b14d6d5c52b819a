"""What a study asks of precisions."""

from __future__ import annotations

from typing import Any

import pytest

from harness.base.errors import SpecError
from harness.spec import QuantizeSpec, Study, checked


def study(**network: Any) -> Study:
    return checked(Study, {"name": "x", "networks": [{"model": "deepcaptcha", **network}]}, "study")


@pytest.mark.parametrize(("value", "expected"), [("int8", ("int8",)), (["int8", "auto"], ("int8", "auto"))])
def test_one_precision_or_several(value: Any, expected: tuple[str, ...]) -> None:
    (case,) = study(quantize=value).cases()
    assert case.quantize == expected


def test_none_is_the_default_and_leaves_no_trace_in_what_is_stored() -> None:
    (case,) = study().cases()
    assert case.quantize == ()
    assert "quantize" not in case.model_dump()


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"quantize": "int4"}, "input should be 'int8', 'fp16' or 'auto'"),
        ({"quantize": ["int8", "int8"]}, "give each precision once"),
        ({"quantize": "int8", "deploy": False}, "quantize makes ONNX files; leave out deploy = false"),
    ],
)
def test_what_can_not_be_is_refused_in_a_line(network: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        study(**network)


def test_a_precision_has_a_name() -> None:
    assert [QuantizeSpec(precision=each).label for each in ("int8", "fp16", "auto")] == [
        "INT8", "FP16", "INT8 where faster",
    ]  # fmt: skip
