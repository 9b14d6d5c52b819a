"""What a prune by measured latency asks: how fast, under which conditions, and what the kept channels are worth."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from harness.spec.checked import PositiveFloat, PositiveInt, Spec
from harness.spec.measuring import AFew, Device, MeasureSpec
from harness.spec.pruning import Importance


class SpeedSpec(Spec):
    """How fast the pruned network must be, at each of the batch sizes, on a device with so many threads.

    Exactly one of `speedup` (how many times the original's speed) and `max_latency_us` (microseconds a run) is given.
    `keep` names layers that keep all channels; `budget_s` ends each measurement.
    """

    speedup: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = None
    max_latency_us: PositiveFloat | None = None
    batch_sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1,)
    threads: AFew = 1
    device: Device = "auto"
    importance: Importance = "l1"
    keep: tuple[str, ...] = ()
    budget_s: PositiveFloat = 120.0

    @model_validator(mode="after")
    def _one_target(self) -> SpeedSpec:
        if (self.speedup is None) == (self.max_latency_us is None):
            raise ValueError("give exactly one of speedup and max_latency_us")
        return self

    @property
    def label(self) -> str:
        """What is asked, such as `2x as fast` or `60 us at most`."""
        return f"{self.speedup:g}x as fast" if self.speedup is not None else f"{self.max_latency_us:g} us at most"

    @property
    def measuring(self) -> MeasureSpec:
        """How it is measured."""
        return MeasureSpec(
            device=self.device,
            batch_sizes=tuple(dict.fromkeys(self.batch_sizes)),
            threads=self.threads,
            budget_s=self.budget_s,
        )
