"""What became of a file's numbers: what is computed in INT8 or float16, and how the ranges were found."""

from __future__ import annotations

from collections.abc import Mapping

from harness.records.pruning import Agreement
from harness.records.record import Record
from harness.spec import QuantizeSpec


class Gain(Record):
    """How many times as fast as the original a file is at a batch size, with its 95 % interval, as measured.

    The bounds are None where there were too few launches, the speed-up where there was none; latencies are medians in
    microseconds.
    """

    batch: int
    speedup: float | None
    ci_low: float | None
    ci_high: float | None
    verdict: str
    original_us: float | None
    quantized_us: float | None

    @property
    def told(self) -> str:
        """The speed-up with its interval and verdict: `0.62x [0.61, 0.63], slower`."""
        if self.speedup is None:
            return self.verdict
        if self.ci_low is None or self.ci_high is None:
            return f"{self.speedup:.2f}x [too few launches for an interval], {self.verdict}"
        return f"{self.speedup:.2f}x [{self.ci_low:.2f}, {self.ci_high:.2f}], {self.verdict}"


class Arrangement(Record):
    """A choice of nodes that `auto` measured beside the original; those in `left` stay in float32."""

    name: str
    left: tuple[str, ...]
    gains: tuple[Gain, ...]
    chosen: bool


class SlowerLayer(Record):
    """A kernel that takes longer in INT8, in microseconds a run: `filters` of so many `channels` each."""

    node: str
    operator: str
    float_us: float
    int8_us: float
    filters: int | None
    channels: int | None


class Blame(Record):
    """Where the time of an INT8 file goes at a batch size, in microseconds a run, by onnxruntime's profiler.

    `converting_us` is spent on so many `conversions`, which stand beside the operators counted in `around`; layers that
    take longer in INT8 are `slower`, the worst first. `step` is how many channels the device computes together.
    """

    batch: int
    float_us: float
    int8_us: float
    converting_us: float
    conversions: int
    around: Mapping[str, int]
    slower: tuple[SlowerLayer, ...]
    step: int


class Quantization(Record):
    """What a file was changed to.

    `nodes` are those that 8-bit numbers were asked for, by name; `left` could have them and were left in float32 by
    choice. `others` counts the operators that there is no INT8 for. `images` calibrated, none for fp16;
    `activations` is their type, `seven_bits` that weights use 7 bits, for a CPU that would overflow with 8.
    `agreement` tells how much of the original's answers is kept, on examples that nothing was calibrated by;
    `arrangements` what `auto` measured, `blamed` where the time goes, where that was looked at.
    """

    spec: QuantizeSpec
    nodes: tuple[str, ...]
    left: tuple[str, ...]
    others: Mapping[str, int]
    images: int | None = None
    activations: str | None = None
    seven_bits: bool = False
    agreement: Agreement | None = None
    arrangements: tuple[Arrangement, ...] = ()
    blamed: tuple[Blame, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether nothing is faster in INT8, so that the file is the original's."""
        return self.spec.precision == "auto" and not self.nodes
