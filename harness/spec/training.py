"""What a network is trained on and how, as a study or a command asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from harness.spec.checked import Fraction, PositiveFloat, PositiveInt, Share, Spec, checked


class DataSpec(Spec):
    """Which examples, how they are transformed, and how they are split.

    `name` is `mnist5k`, `mnist`, `fashion_mnist`, `images:DIR` or `npz:FILE`; `folder` holds local IDX files.
    `scale` gives pixels in 0 to 1 (`unit`) or any numbers as stored (`raw`). `color` makes each grey image all red,
    green or blue; `rgb` gives it three equal channels. `resize` is (height, width) in pixels.

    `classes` keeps the first so many classes. `limit` keeps that many examples in all, the same share of each class.
    `test_fraction` of them, again of each class, become the test set. A dataset with an official test set (`mnist`,
    `fashion_mnist`, an npz of two parts) keeps it: `test_fraction` has no say there, and `limit` takes from both parts
    in proportion. `label_noise` is the share of the training labels that are replaced by another class at random; test
    labels never are. `split_seed` draws all of this and the colors, so the split is the same for every network of a
    study. See docs/data.md.
    """

    name: str = "mnist5k"
    folder: str | None = None
    scale: Literal["unit", "raw"] = "unit"
    color: bool = False
    rgb: bool = False
    classes: Annotated[int, Field(ge=2)] | None = None
    resize: tuple[PositiveInt, PositiveInt] | None = None
    limit: PositiveInt | None = None
    test_fraction: Fraction = 0.2
    label_noise: Share = 0.0
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _one_kind_of_channels(self) -> DataSpec:
        if self.color and self.rgb:
            raise ValueError("color and rgb both make three channels of one; leave one of them out")
        return self


class TrainSpec(Spec):
    """How a network is trained. The loss is sparse categorical cross-entropy.

    In `epochs`; or, where an epoch takes too long to wait for, in `steps` of one batch each. Then the history has a
    point every `record_every` steps: loss and accuracy over those steps, and of `held_out` of the test examples.
    """

    epochs: PositiveInt = 5
    batch_size: PositiveInt = 64
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
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
