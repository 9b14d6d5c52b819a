"""The tables of a study's file that span its grid: an architecture, what varies, and how it is pruned."""

from __future__ import annotations

import itertools
from typing import Any

from pydantic import ConfigDict, field_validator, model_validator

from harness.base.errors import SpecError
from harness.spec.checked import Spec, checked
from harness.spec.pruning import PruneSpec
from harness.spec.quantizing import Precision


class PruneGrid(Spec):
    """A `[[networks.prune]]` table: a PruneSpec, in which every list of values is an axis of a grid.

    `keep` is a list itself, and none of the axes.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    def specs(self, where: str) -> tuple[PruneSpec, ...]:
        """Every point of the grid, the last axis fastest; `where` names the table in errors."""
        fields = dict(self.model_extra or {})
        axes = {key: values for key, values in fields.items() if isinstance(values, list) and key != "keep"}
        for key, values in axes.items():
            if not values:
                raise SpecError(f"{where}: {key} is empty; give at least one value")
        points = itertools.product(*axes.values())
        return tuple(checked(PruneSpec, {**fields, **dict(zip(axes, point, strict=True))}, where) for point in points)


class Network(Spec):
    """A `[[networks]]` table: one architecture, what varies, and how it is pruned.

    `model` is one of the architectures in models/, or a `.keras` file, which is taken as trained: it is pruned and
    fine-tuned on the data, exported and measured; or an `.onnx` file, which can't be trained. `vary` maps an option of
    the model to its values; `data.KEY` and `train.KEY` vary the data and the training.
    With `deploy = false` it and what it is pruned to are judged in Keras, on the same test examples, and neither
    exported nor measured: enough where the question is only whether something learns.
    `quantize` is a precision, or a list of some, in which the original and each pruned variant are there again.
    """

    model: str
    options: dict[str, Any] = {}
    vary: dict[str, list[Any]] = {}
    data: dict[str, Any] = {}
    train: dict[str, Any] = {}
    seeds: tuple[int, ...] | None = None
    prune: tuple[PruneGrid, ...] = ()
    deploy: bool = True
    quantize: tuple[Precision, ...] = ()

    @field_validator("quantize", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _something_to_vary(self) -> Network:
        for key, values in self.vary.items():
            if not values:
                raise ValueError(f"vary.{key} is empty; give at least one value")
        if len(set(self.quantize)) != len(self.quantize):
            raise ValueError("quantize: give each precision once")
        if self.quantize and not self.deploy:
            raise ValueError("quantize makes ONNX files; leave out deploy = false")
        return self
