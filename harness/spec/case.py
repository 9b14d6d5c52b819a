"""One network of a study with one seed: what the stages work on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from harness.spec.checked import Spec
from harness.spec.data import DataSpec
from harness.spec.names import short
from harness.spec.pruning import Importance, PruneSpec, Schedule
from harness.spec.quantizing import Precision
from harness.spec.training import TrainSpec


class Case(Spec):
    """One network to train with one seed, and the ways to prune it.

    `factors` are the options in which the study's networks differ, such as `{"padding": "same"}`. `deploy` is whether
    it goes on to ONNX: see Network. A `model` that is a file is trained already. `quantize` are the precisions in which
    what it becomes is there again.
    """

    model: str
    options: Mapping[str, Any]
    factors: Mapping[str, Any]
    data: DataSpec
    train: TrainSpec
    seed: int
    prune: tuple[PruneSpec, ...]
    deploy: bool = True
    quantize: tuple[Precision, ...] = ()

    @model_serializer(mode="wrap")
    def _what_is_asked(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Less precisions where none is asked for: so results of before are written as they were."""
        return {name: value for name, value in fields(self).items() if name != "quantize" or value}

    @property
    def file(self) -> Path | None:
        """The file of a network that is trained already; None for one that the study trains."""
        return Path(self.model) if is_file(self.model) else None

    @property
    def onnx(self) -> Path | None:
        """The file of a network that is an ONNX file, which can be pruned and reconstructed, and not trained."""
        return self.file if is_onnx(self.model) else None

    @property
    def model_name(self) -> str:
        """What the model is called: a file by its name alone."""
        return self.model if self.file is None else self.file.stem

    @property
    def longer_epochs(self) -> tuple[int, ...]:
        """For how many epochs its pruned variants are fine-tuned, each number once: so long the original is, too."""
        return tuple(sorted({spec.finetune_epochs for spec in self._tuned}))

    def longer_schedule(self, epochs: int) -> Schedule:
        """How the learning rate goes where the original is trained on: as for the variants of so many epochs.

        It is constant where they differ in that.
        """
        schedules = {spec.schedule for spec in self._tuned if spec.finetune_epochs == epochs}
        return schedules.pop() if len(schedules) == 1 else "constant"

    @property
    def _tuned(self) -> list[PruneSpec]:
        return [spec for spec in self.prune if spec.finetune_epochs and spec.baseline != "scratch"]

    @cached_property
    def network(self) -> str:
        """The case's name without its seed: the same for all its repetitions."""
        return " ".join([self.model_name, *(f"{key}={short(value)}" for key, value in self.factors.items())])

    @cached_property
    def name(self) -> str:
        """The network with its seed: no two cases of a study share it."""
        return f"{self.network} seed={self.seed}"


def is_file(model: str) -> bool:
    """Whether a network is one that is saved, rather than an architecture."""
    return model.endswith(".keras") or is_onnx(model)


def is_onnx(model: str) -> bool:
    """Whether a network is an ONNX file."""
    return model.endswith(".onnx")


def usual_importance(model: str, *, reconstructed: bool) -> Importance:
    """What ranks channels unless it is said: of an ONNX file whose kernels are solved again, what these miss then."""
    return "reconstruction" if reconstructed and is_onnx(model) else "l1"
