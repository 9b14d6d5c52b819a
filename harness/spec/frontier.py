"""A walk along the frontier of one trained network: as a study, in which every dot has the baselines beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from harness.spec.case import is_onnx, usual_importance
from harness.spec.checked import PositiveFloat, PositiveInt, Share, Spec
from harness.spec.data import DataSpec
from harness.spec.measuring import AFew, Device, MeasureSpec
from harness.spec.names import lowercase
from harness.spec.network import Network, PruneGrid
from harness.spec.pruning import Importance, SpeedUp
from harness.spec.study import Study


class FrontierSpec(Spec):
    """Which dots a frontier has: widths by latency for each of the `targets`, and what they are compared with.

    All are reconstructed, and tuned for `epochs` with cosine decay. At the widths of each target there are random
    channels, recovered in the same way, and new weights, trained for `scratch_epochs` (None: for as many). As fast as
    each are networks of which every layer loses the same share; `uniform` are such shares beside them.
    """

    targets: Annotated[tuple[SpeedUp, ...], Field(min_length=1)] = (1.5, 2.0, 3.0)
    uniform: tuple[Share, ...] = ()
    importance: Importance = "taylor"
    epochs: Annotated[int, Field(ge=0)] = 1
    scratch_epochs: PositiveInt | None = None
    batch_sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1, 32)
    threads: AFew = 1
    device: Device = "auto"
    budget_s: PositiveFloat = 120.0

    @model_validator(mode="after")
    def _each_once(self) -> FrontierSpec:
        for name in ("targets", "uniform", "batch_sizes"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name}: give each once")
        return self

    @property
    def measuring(self) -> MeasureSpec:
        """How all of it is measured."""
        fields = ("batch_sizes", "threads", "device", "budget_s")
        return MeasureSpec(**{name: getattr(self, name) for name in fields})

    def prune(self) -> tuple[dict[str, Any], ...]:
        """The `[[networks.prune]]` tables that make the dots."""
        tuned = {"finetune_epochs": self.epochs, "finetune_schedule": "cosine"} if self.epochs else {}
        way = {"importance": self.importance, "recover": "reconstruct", **tuned}
        targets = {"speedup": list(self.targets)}
        tables = [{**targets, **way, **beside} for beside in ({}, {"baseline": "uniform"}, {"baseline": "random"})]
        trained = self.scratch_epochs or self.epochs
        if trained:
            new = {"finetune_epochs": trained, "finetune_schedule": "cosine", "baseline": "scratch"}
            tables.append({**targets, "importance": self.importance, **new})
        if self.uniform:
            tables.append({"ratio": list(self.uniform), **way})
        return tuple(tables)


def usual_walk(model: str) -> FrontierSpec:
    """What is walked unless something else is said: an ONNX file is neither trained nor has gradients."""
    if not is_onnx(model):
        return FrontierSpec()
    return FrontierSpec(importance=usual_importance(model, reconstructed=True), epochs=0)


def frontier_study(model: Path, data: DataSpec, asked: FrontierSpec) -> Study:
    """The study of one trained network: how much accuracy is left at which measured speed?"""
    network = Network(model=str(model), prune=tuple(PruneGrid(**table) for table in asked.prune()))
    study = Study(
        name=f"{lowercase(model.stem) or 'model'}-frontier",
        question=f"How much of its accuracy does {model.name} keep at which measured speed?",
        data=data,
        measure=asked.measuring,
        networks=(network,),
    )
    study.cases()
    return study
