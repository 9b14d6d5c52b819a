"""What a prune asks: how many channels go, which ones, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from harness.spec.checked import PositiveInt, Share, Spec
from harness.spec.names import without

Importance = Literal["l1", "l2", "bn_scale", "fpgm", "taylor", "activation", "apoz", "obd", "random"]
Schedule = Literal["constant", "cosine"]
Channels = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
RECONSTRUCT_IMAGES = 1_500  # more win little: see docs/pruning.md
_LATER = ("recover", "reconstruct_images", "finetune_schedule")


class PruneSpec(Spec):
    """How many channels each layer loses, which ones, and what follows.

    Exactly one of `ratio` (share of each layer's channels, in [0, 1)), `filters` (channels removed from each
    convolution) and `remove` (a layer's name → the channels that go, counted from 0) is given. `rows = "first"`
    repeats a common mistake, as a control: the kernel after Flatten keeps its first rows instead of those of the
    channels that remain. `keep` names layers that keep all channels. What is left of each layer is rounded up to a
    multiple of `round_to`. `global_ranking` removes the `ratio` least important of all channels, instead of that share
    of every layer. `recover = "reconstruct"` solves the kernels behind pruned channels again, from as many training
    images as `reconstruct_images` says (None: 1,500). `finetune_epochs` recalibrates BatchNormalization, where nothing
    was reconstructed, and trains on, as in `harness prune`; `finetune_schedule` says how the learning rate goes (None:
    it is constant).
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
    recover: Literal["reconstruct"] | None = None
    reconstruct_images: Annotated[int, Field(ge=2)] | None = None
    finetune_schedule: Schedule | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> PruneSpec:
        if sum(amount is not None for amount in (self.ratio, self.filters, self.remove)) != 1:
            raise ValueError("give exactly one of ratio, filters and remove")
        if self.global_ranking and self.ratio is None:
            raise ValueError("global_ranking needs a ratio; leave out filters and remove")
        if self.remove is not None and (self.round_to > 1 or self.importance != "l1"):
            raise ValueError("remove says which channels go; leave out importance and round_to")
        return self

    @model_validator(mode="after")
    def _what_follows(self) -> PruneSpec:
        if self.recover is not None and self.rows == "first":
            raise ValueError("rows = 'first' is a mistake that is kept; leave out recover")
        if self.reconstruct_images is not None and self.recover is None:
            raise ValueError("reconstruct_images is for recover = 'reconstruct'; give it too")
        if self.finetune_schedule is not None and not self.finetune_epochs:
            raise ValueError("finetune_schedule is for fine-tuning; give finetune_epochs")
        return self

    @model_serializer(mode="wrap")
    def _what_is_asked(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Less what came later and is not asked for: so what was stored before is found by the same key."""
        return {name: value for name, value in fields(self).items() if name not in _LATER or value is not None}

    @property
    def images(self) -> int | None:
        """From how many training images kernels are reconstructed; None where they are not."""
        return None if self.recover is None else self.reconstruct_images or RECONSTRUCT_IMAGES

    @property
    def schedule(self) -> Schedule:
        """How the learning rate of the fine-tuning goes."""
        return self.finetune_schedule or "constant"

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
        if self.images is not None:
            parts.append("reconstructed" + (f" from {self.images}" if self.reconstruct_images else ""))
        if self.finetune_epochs:
            cosine = " by cosine" if self.schedule == "cosine" else ""
            parts.append(f"tuned {self.finetune_epochs}{cosine}")
        return ", ".join(parts)
