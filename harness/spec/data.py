"""Which examples a network is trained and judged on, as a study or a command asks for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.spec.checked import Fraction, PositiveInt, Share, Spec


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
