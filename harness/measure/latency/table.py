"""What was measured of a network's sizes: raw times, the conditions they hold under, and which work is whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from harness.measure.latency.sizes import Axis
from harness.records import Record


class Kernel(NamedTuple):
    """One kernel that onnxruntime ran: the node's name after its optimisations, the operator, microseconds a run."""

    name: str
    operator: str
    us: float


class Timed(Record):
    """One network at one batch size, beside the one of full widths in the same process.

    `log_ratio` is log(its latency / that of full widths), the median over rounds; `full_us` the latter's latency in
    microseconds. The kernels are in the order in which they ran; profiled, so slower than in the whole.
    """

    process: int
    batch: int
    widths: tuple[int, ...]
    full_us: float
    log_ratio: float
    full_kernels: tuple[Kernel, ...]
    kernels: tuple[Kernel, ...]


class Station(Record):
    """A node with weights, and those behind it without, up to the next: what they cost depends on the same widths.

    `inputs` and `outputs` are the widths that it reads and makes; `positions` is how many places of its output's
    feature map it works at, `taps` how many weights meet at each for one input and one output channel. `apart` is
    whether each channel is by itself, as in a depthwise convolution. `nodes` are the names of all its nodes,
    and of what they make.
    """

    operator: str
    inputs: Axis
    outputs: Axis
    positions: int
    taps: int
    apart: bool
    nodes: tuple[str, ...]

    @property
    def kind(self) -> tuple[str, int, int, bool]:
        """What stations must have in common for one's times to say something of another's."""
        return self.operator, self.positions, self.taps, self.apart


class LatencyTable(Record):
    """Times of networks of one architecture at many widths, under the same conditions."""

    schema_version: Literal["harness-latency/1"] = "harness-latency/1"
    conditions: Mapping[str, Any]
    full: tuple[int, ...]
    free: tuple[int, ...]
    stations: tuple[Station, ...]
    timed: tuple[Timed, ...]
    seconds: float
