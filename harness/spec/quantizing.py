"""What a quantization asks: which numbers a file is to be computed in, and how their ranges are found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.spec.checked import Spec

Precision = Literal["int8", "fp16", "auto"]
Calibrator = Literal["minmax", "percentile"]
PRECISION_LABELS = {"int8": "INT8", "fp16": "FP16", "auto": "INT8 where faster"}


class QuantizeSpec(Spec):
    """How the numbers of an ONNX file change: see docs/quantization.md.

    `int8` quantizes all that has a kernel for it, `auto` only what is measured to be faster so, `fp16` stores all in
    half precision. The ranges of INT8 come from so many training `images`, by `calibrator`. `keep` names nodes that
    stay as they are. With `half_io` inputs and outputs are float16 too; else they stay float32.
    """

    precision: Precision = "int8"
    images: Annotated[int, Field(ge=1)] = 256
    calibrator: Calibrator = "minmax"
    keep: tuple[str, ...] = ()
    half_io: bool = False

    @model_validator(mode="after")
    def _of_its_precision(self) -> QuantizeSpec:
        if self.half_io and self.precision != "fp16":
            raise ValueError(f"half_io is for fp16, not for {self.precision}; leave it out")
        if self.keep and self.precision == "fp16":
            raise ValueError("keep is for int8 and auto, not for fp16; leave it out")
        return self

    @property
    def label(self) -> str:
        """As it stands in names: `INT8`, `FP16` or `INT8 where faster`."""
        return PRECISION_LABELS[self.precision]
