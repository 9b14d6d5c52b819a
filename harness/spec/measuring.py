"""What a measurement asks: on what, in which batches and modes, how precisely, and for how long at most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from harness.spec.checked import Fraction, PositiveFloat, PositiveInt, Spec

Device = Literal["auto", "cpu", "cuda"]
Mode = Literal["end_to_end", "device", "cuda_graph"]
AFew = Annotated[int, Field(ge=1, le=1024)]  # more threads or inputs would choke the machine, whatever the budget


class MeasureSpec(Spec):
    """How latency is measured: see docs/measuring.md.

    `precision` is the half-width wanted for each speed-up's 95 % interval and `margin` the difference that does not
    matter, both as fractions; `budget_s` ends the measurement even where `precision` was not reached. Networks of a
    study that take other inputs are measured apart, and share it.
    `modes` are what is timed, each on its own: `end_to_end` (host arrays in and out), `device` (inputs and outputs
    stay on the device), `cuda_graph`. `inputs` describe inputs that can't be invented, as `name:shape:dtype`, where
    the shape may hold N for the batch, or as `name=value`. `input_data` holds real ones: an `.npz` of arrays by input
    name, or a folder of ONNX test data. `input_copies` inputs are used in turn, so that one need not stay in a cache.
    A worker that says nothing for `timeout_s` is killed.
    """

    device: Device = "auto"
    batch_sizes: tuple[PositiveInt, ...] = (1, 32)
    modes: tuple[Mode, ...] = ("end_to_end",)
    threads: AFew = 1
    inter_op_threads: AFew = 1
    spinning: bool = True
    optimization: Literal["none", "basic", "extended", "all"] = "all"
    provider_options: Mapping[str, str] = {}
    inputs: tuple[str, ...] = ()
    input_data: Path | None = None
    input_copies: AFew = 1
    precision: Fraction = 0.015
    margin: Fraction = 0.02
    budget_s: PositiveFloat = 60.0
    timeout_s: PositiveFloat = 120.0
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _each_once(self) -> MeasureSpec:
        for name, values in {"batch_sizes": self.batch_sizes, "modes": self.modes}.items():
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{name} needs at least one value, each once")
        return self

    def session_settings(self, device: str) -> dict[str, Any]:
        """How the measuring process opens a session on `device`: the fields of its SessionSettings, for JSON."""
        return {
            "device": device,
            "threads": self.threads,
            "inter_op_threads": self.inter_op_threads,
            "spinning": self.spinning,
            "optimization": self.optimization,
            "provider_options": dict(self.provider_options),
        }
