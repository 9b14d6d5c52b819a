"""What a measurement knows of a model's file, where it ran, and what it was fed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness import stats
from harness.records import GrownRecord, Record


class Fed(Record):
    """What every model was fed for one input. `shape` leaves out the batch where `batched`; it stands at `batch_axis`.

    `invented` values are uniform floats in [0, 1), bytes 0 to 255, or zeros and ones; else an array was given, which
    `sha256` identifies.
    """

    shape: tuple[int, ...]
    dtype: str
    batched: bool
    batch_axis: int = 0
    invented: bool
    sha256: str | None = None

    def size_bytes(self, batch: int) -> int:
        """The size of what is fed at a batch size; that of text is not known, and counts as nothing."""
        size = 0 if self.dtype == "string" else np.dtype(self.dtype).itemsize
        return math.prod(self.shape) * (batch if self.batched else 1) * size


# Kernels that compute with 8-bit numbers, beside those whose name begins with QLinear.
EIGHT_BITS = ("QGemm", "MatMulInteger", "MatMulIntegerToFloat", "ConvInteger", "DynamicQuantizeMatMul")
CONVERTING = ("QuantizeLinear", "DequantizeLinear")
INSERTED_CAST = "InsertedPrecisionFreeCast_"


class Placement(GrownRecord):
    """Where a model's nodes ran. `assigned` is the graph partitioning's record, `ran` the profile's.

    Each entry is (provider, node, operator); those of `ran` add the element types of the outputs. Of a file that holds
    quantizations, `conversions` are the Quantize and Dequantize in the graph that ran: (node, operator, what makes its
    input, what reads it).
    """

    later = frozenset({"conversions"})

    assigned: tuple[tuple[str, str, str], ...]
    ran: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    conversions: tuple[tuple[str, str, str, str], ...] | None = None

    @property
    def in_8_bits(self) -> tuple[str, ...]:
        """The kernels that computed with 8-bit numbers, as `'name' (operator)`."""
        return tuple(
            f"'{node}' ({operator})"
            for _, node, operator, types in self.ran
            if operator.startswith("QLinear") or operator in EIGHT_BITS or _whole_bytes(operator, types)
        )

    @property
    def beside(self) -> tuple[str, ...]:
        """The operator that stands beside each conversion on its float side; none for an input or output."""
        sides = (
            before if operator == CONVERTING[0] else after for _, operator, before, after in self.conversions or ()
        )
        return tuple(name for side in sides for name in re.findall(r"\((\w+)\)", side))

    @property
    def widened(self) -> bool:
        """Whether onnxruntime put casts in between, to compute float16 in float32."""
        return any(operator == "Cast" and node.startswith(INSERTED_CAST) for _, node, operator, _ in self.ran)

    @property
    def left_over(self) -> tuple[str, ...]:
        """Pairs of Quantize and Dequantize, in either order, with nothing between: what is before and after each."""
        all_of_them = self.conversions or ()
        return tuple(
            f"{before} and {after}"
            for node, operator, before, readers in all_of_them
            for name, other, _, after in all_of_them
            if other != operator and f"'{name}' ({other})" in readers
        )

    @property
    def on_the_way(self) -> tuple[str, ...]:
        """The copies between host and device and the shape computations, as `'name' (operator) on provider`."""
        return tuple(
            f"'{node}' ({operator}) on {provider}"
            for provider, node, operator, _ in self.ran
            if operator.startswith("Memcpy") or operator in ("Shape", "Size")
        )


def operators_told(named: Iterable[str]) -> str:
    """Which operators nodes are that are told as `'name' (operator)`, the commonest first: `2 QLinearConv, QGemm`."""
    counts = Counter(name.rpartition("(")[2].rstrip(")") for name in named)
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in counts.most_common())


def _whole_bytes(operator: str, types: Sequence[str]) -> bool:
    """Whether a kernel only passes 8-bit numbers on, as pooling and Reshape can."""
    return operator not in CONVERTING and bool(types) and set(types) <= {"uint8", "int8"}


class MeasuredModel(Record):
    """One ONNX file. `session_ns` are the times to create its session, one a launch.

    `parameters` counts floating-point and quantized weights; `macs` are multiply-accumulates for one example. Both are
    None where an operator's can't be counted (`uncounted` names those without a count of MACs). `runtime_bytes` is the
    memory of a process before it opened the model; `provider_options` are onnxruntime's for CUDA, defaults included.
    `findings` are what the file alone shows to be slow on the device.
    """

    path: str
    sha256: str
    size_bytes: int
    parameters: int | None
    macs: int | None
    uncounted: tuple[str, ...]
    opset: int
    device: str
    placement: Placement | None
    provider_options: Mapping[str, str]
    runtime_bytes: int | None
    session_ns: tuple[int, ...]
    findings: tuple[str, ...]

    @property
    def session_us(self) -> float | None:
        """The median time to create a session."""
        return stats.median(self.session_ns) / 1000 if self.session_ns else None
