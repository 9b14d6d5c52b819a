"""How a network is trained, as a study or a command asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from harness.spec.checked import PositiveFloat, PositiveInt, Spec, checked


class TrainSpec(Spec):
    """How a network is trained. The loss is sparse categorical cross-entropy.

    In `epochs`; or, where an epoch takes too long to wait for, in `steps` of one batch each. Then the history has a
    point every `record_every` steps: loss and accuracy over those steps, and of `held_out` of the test examples.
    """

    epochs: PositiveInt = 5
    batch_size: PositiveInt = 64
    optimizer: Literal["adam", "sgd", "rmsprop", "muon"] = "adam"
    learning_rate: PositiveFloat = 1e-3
    steps: PositiveInt | None = None
    record_every: PositiveInt = 10
    held_out: PositiveInt = 128

    @model_validator(mode="after")
    def _epochs_or_steps(self) -> TrainSpec:
        given = self.model_fields_set
        if self.steps is None:
            for name in sorted(given & {"record_every", "held_out"}):
                raise ValueError(f"{name} is for a training in steps; give steps, or leave it out")
        elif "epochs" in given:
            raise ValueError("give epochs or steps, not both")
        elif self.steps % self.record_every:
            raise ValueError(f"steps = {self.steps} ends between two records; give a multiple of {self.record_every}")
        return self

    @model_serializer(mode="wrap")
    def _what_has_a_say(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Epochs or steps, whichever is meant: so what was stored of trainings in epochs is found by the same key."""
        left_out = ("steps", "record_every", "held_out") if self.steps is None else ("epochs",)
        return {name: value for name, value in fields(self).items() if name not in left_out}

    def changed(self, changes: Mapping[str, Any], where: str) -> TrainSpec:
        """The same training but for `changes`; epochs take the place of steps, and steps that of epochs.

        Raises:
            SpecError: an unknown key, or a value that can't be used; `where` says whose.
        """
        replaced = {"epochs": ("steps", "record_every", "held_out"), "steps": ("epochs",)}
        gone = {name for key in changes for name in replaced.get(key, ())}
        own = {name: value for name, value in self.model_dump().items() if name not in gone}
        return checked(TrainSpec, {**own, **changes}, where)
