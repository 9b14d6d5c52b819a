"""What a prune asks: how many channels go, which ones, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from harness.spec.checked import PositiveFloat, PositiveInt, Share, Spec
from harness.spec.names import without

Importance = Literal["l1", "l2", "bn_scale", "fpgm", "taylor", "activation", "apoz", "obd", "reconstruction", "random"]
Schedule = Literal["constant", "cosine"]
Channels = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
RECONSTRUCT_IMAGES = 1_500  # more win little: see docs/pruning.md
AMOUNTS = ("ratio", "filters", "remove", "speedup", "max_latency_us")
_LATER = ("recover", "reconstruct_images", "finetune_schedule", "speedup", "max_latency_us", "baseline")

SpeedUp = Annotated[float, Field(gt=1, allow_inf_nan=False)]


class PruneSpec(Spec):
    """How many channels each layer loses, which ones, and what follows.

    Exactly one amount is given: `ratio` (share of each layer's channels, in [0, 1)), `filters` (channels removed from
    each convolution), `remove` (a layer's name → the channels that go, counted from 0), `speedup` (how many times the
    original's speed) or `max_latency_us` (microseconds a run). The last two are for widths by measured latency: in a
    study under the conditions of its `[measure]`, the same widths for all seeds. `rows = "first"`
    repeats a common mistake, as a control: the kernel after Flatten keeps its first rows instead of those of the
    channels that remain. `keep` names layers that keep all channels. What is left of each layer is rounded up to a
    multiple of `round_to`. `global_ranking` removes the `ratio` least important of all channels, instead of that share
    of every layer. `recover = "reconstruct"` solves the kernels behind pruned channels again, from as many training
    images as `reconstruct_images` says (None: 1,500). `finetune_epochs` recalibrates BatchNormalization, where nothing
    was reconstructed, and trains on, as in `harness prune`; `finetune_schedule` says how the learning rate goes (None:
    it is constant). `baseline` asks what all of that was worth, at the same widths: `random` keeps random channels, and
    recovers them in the same way; `scratch` trains new weights, for `finetune_epochs`. `uniform` asks what the widths
    were worth that were chosen by latency: every layer loses the same share, the least that is predicted to be as fast.
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
    speedup: SpeedUp | None = None
    max_latency_us: PositiveFloat | None = None
    baseline: Literal["random", "scratch", "uniform"] | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> PruneSpec:
        given = [amount for amount in AMOUNTS if getattr(self, amount) is not None]
        if len(given) != 1:
            found = f", not {' and '.join(given)}" if given else ""
            raise ValueError(f"give exactly one of {', '.join(AMOUNTS[:-1])} and {AMOUNTS[-1]}{found}")
        if self.global_ranking and self.ratio is None:
            raise ValueError(f"global_ranking needs a ratio; leave out {given[0]}")
        if self.by_latency and (self.round_to > 1 or self.rows == "first"):
            raise ValueError(f"{given[0]} chooses widths by latency; leave out round_to and rows")
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
        if self.baseline is not None and self.rows == "first":
            raise ValueError("rows = 'first' is a mistake that is kept; leave out baseline")
        if self.baseline == "uniform" and not self.by_latency:
            raise ValueError("baseline = 'uniform' is as fast as widths by latency; give speedup or max_latency_us")
        if self.baseline == "scratch" and (self.recover is not None or not self.finetune_epochs):
            raise ValueError("baseline = 'scratch' trains new weights; give finetune_epochs, and leave out recover")
        return self

    @model_serializer(mode="wrap")
    def _what_is_asked(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Less what came later and is not asked for: so what was stored before is found by the same key."""
        return {name: value for name, value in fields(self).items() if name not in _LATER or value is not None}

    @property
    def by_latency(self) -> bool:
        """Whether its widths are chosen by measured latency."""
        return self.speedup is not None or self.max_latency_us is not None

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
        """A short name such as `50 %`, `1 filter, first rows`, `conv_1 without 7` or `2x as fast`."""
        parts = [self._amount] if self.importance == "l1" else [self._amount, self.importance]
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
        if self.baseline == "random":
            parts.append("random channels")
        if self.baseline == "uniform":
            parts.append("uniform")
        if self.finetune_epochs:
            cosine = " by cosine" if self.schedule == "cosine" else ""
            trained = "from scratch" if self.baseline == "scratch" else "tuned"
            parts.append(f"{trained} {self.finetune_epochs}{cosine}")
        return ", ".join(parts)

    @property
    def _amount(self) -> str:
        if self.ratio is not None:
            return f"{100 * self.ratio:g} %"
        if self.remove is not None:
            return without(self.remove)
        if self.by_latency:
            return target_label(self.speedup, self.max_latency_us)
        return f"{self.filters} filter" + ("s" if self.filters != 1 else "")


def target_label(speedup: float | None, max_latency_us: float | None) -> str:
    """What is asked of the speed, such as `2x as fast` or `60 us at most`."""
    return f"{speedup:g}x as fast" if speedup is not None else f"{max_latency_us:g} us at most"
