"""What a prune asks: how many channels go, which ones, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.spec.checked import PositiveInt, Share, Spec
from harness.spec.names import without

Importance = Literal["l1", "l2", "bn_scale", "fpgm", "taylor", "activation", "apoz", "obd", "random"]
Channels = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]


class PruneSpec(Spec):
    """How many channels each layer loses, which ones, and what follows.

    Exactly one of `ratio` (share of each layer's channels, in [0, 1)), `filters` (channels removed from each
    convolution) and `remove` (a layer's name → the channels that go, counted from 0) is given. `rows = "first"`
    repeats a common mistake, as a control: the kernel after Flatten keeps its first rows instead of those of the
    channels that remain. `keep` names layers that keep all channels. What is left of each layer is rounded up to a
    multiple of `round_to`. `global_ranking` removes the `ratio` least important of all channels, instead of that share
    of every layer. `finetune_epochs` recalibrates BatchNormalization and trains on, as in `harness prune`.
    """

    ratio: Share | None = None
    filters: PositiveInt | None = None
    remove: Annotated[Mapping[str, Channels], Field(min_length=1)] | None = None
    importance: Importance = "l1"
    keep: tuple[str, ...] = ()
    round_to: PositiveInt = 1
    global_ranking: bool = False
    finetune_epochs: Annotated[int, Field(ge=0)] = 0
    rows: Literal["provenance", "first"] = "provenance"

    @model_validator(mode="after")
    def _one_amount(self) -> PruneSpec:
        if sum(amount is not None for amount in (self.ratio, self.filters, self.remove)) != 1:
            raise ValueError("give exactly one of ratio, filters and remove")
        if self.global_ranking and self.ratio is None:
            raise ValueError("global_ranking needs a ratio; leave out filters and remove")
        if self.remove is not None and (self.round_to > 1 or self.importance != "l1"):
            raise ValueError("remove says which channels go; leave out importance and round_to")
        return self

    @property
    def label(self) -> str:
        """A short name such as `50 %`, `1 filter, first rows` or `conv_1 without 7`."""
        if self.ratio is not None:
            amount = f"{100 * self.ratio:g} %"
        elif self.remove is not None:
            amount = without(self.remove)
        else:
            amount = f"{self.filters} filter" + ("s" if self.filters != 1 else "")
        parts = [amount] if self.importance == "l1" else [amount, self.importance]
        if self.global_ranking:
            parts.append("global")
        if self.round_to > 1:
            parts.append(f"multiples of {self.round_to}")
        if self.keep:
            parts.append(f"keep {' '.join(self.keep)}")
        if self.rows == "first":
            parts.append("first rows")
        if self.finetune_epochs:
            parts.append(f"tuned {self.finetune_epochs}")
        return ", ".join(parts)
