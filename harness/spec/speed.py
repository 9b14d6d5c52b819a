"""What a prune by measured latency asks: how fast, under which conditions, and what the kept channels are worth."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from harness.spec.checked import PositiveFloat, PositiveInt, Spec
from harness.spec.measuring import AFew, Device, MeasureSpec
from harness.spec.pruning import Importance, PruneSpec, SpeedUp, target_label

MOST_ROUNDS = 3  # of choosing widths, and of measuring what was chosen


class SpeedSpec(Spec):
    """How fast the pruned network must be, at each of the batch sizes, on a device with so many threads.

    Exactly one of `speedup` (how many times the original's speed) and `max_latency_us` (microseconds a run) is given.
    `keep` names layers that keep all channels; `budget_s` ends each measurement; `inputs` describe what an ONNX
    file takes that can't be invented, as in a MeasureSpec.
    """

    speedup: SpeedUp | None = None
    max_latency_us: PositiveFloat | None = None
    batch_sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1,)
    threads: AFew = 1
    device: Device = "auto"
    importance: Importance = "l1"
    keep: tuple[str, ...] = ()
    budget_s: PositiveFloat = 120.0
    inputs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_target(self) -> SpeedSpec:
        if (self.speedup is None) == (self.max_latency_us is None):
            raise ValueError("give exactly one of speedup and max_latency_us")
        return self

    @model_serializer(mode="wrap")
    def _what_is_asked(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Less `inputs` where there are none: what was stored before there were any is found by the same key."""
        return {name: value for name, value in fields(self).items() if name != "inputs" or value}

    @classmethod
    def of(cls, prune: PruneSpec, measure: MeasureSpec) -> SpeedSpec:
        """What a PruneSpec asks of the speed, measured as is asked there; all its rounds share that budget."""
        return cls(
            speedup=prune.speedup,
            max_latency_us=prune.max_latency_us,
            batch_sizes=measure.batch_sizes,
            threads=measure.threads,
            device=measure.device,
            importance=prune.importance,
            keep=prune.keep,
            budget_s=measure.budget_s / MOST_ROUNDS,
            inputs=measure.inputs,
        )

    @property
    def label(self) -> str:
        """What is asked, such as `2x as fast` or `60 us at most`."""
        return target_label(self.speedup, self.max_latency_us)

    @property
    def measuring(self) -> MeasureSpec:
        """How it is measured."""
        return MeasureSpec(
            device=self.device,
            batch_sizes=tuple(dict.fromkeys(self.batch_sizes)),
            threads=self.threads,
            budget_s=self.budget_s,
            inputs=self.inputs,
        )
