"""How an ONNX file is written: its operator set, and what it takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from harness.spec.checked import Spec

OPSETS = range(13, 24)  # of ai.onnx, that every layer's file was tried in
MOST_EXAMPLES = 4096  # in a batch of a fixed size: a proof runs several


class ExportSpec(Spec):
    """How an ONNX file is written.

    `opset` is that of its operators. `batch` is the one batch size that it takes (None: any). `layout` is how images
    lie in its inputs, `nhwc` or `nchw`, channels first (None: as the network takes them). With `float16_inputs` it
    takes numbers of half precision, casts them and computes in float32.
    """

    opset: int = 18
    batch: Annotated[int, Field(ge=1, le=MOST_EXAMPLES)] | None = None
    layout: Literal["nhwc", "nchw"] | None = None
    float16_inputs: bool = False

    @field_validator("opset")
    @classmethod
    def _known(cls, opset: int) -> int:
        if opset not in OPSETS:
            raise ValueError(f"can't be exported; use {OPSETS[0]} to {OPSETS[-1]}")
        return opset

    @property
    def options(self) -> tuple[str, ...]:
        """The fields that are asked to be otherwise than by default."""
        return tuple(name for name, value in self if value != type(self).model_fields[name].default)
