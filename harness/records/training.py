"""How a training went, and how accuracy was won back after a prune."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar, Literal

from harness.records.record import GrownRecord, Record
from harness.stats.learned import learned


class Training(Record):
    """How one training went. `history` maps a metric to its value after each epoch, or of a training in steps at each
    point; None where not finite.

    `examples` were trained on in the last epoch, or before the last point; `chance` is the share of the commonest class
    among the labels (None: not recorded).
    """

    history: Mapping[str, tuple[float | None, ...]]
    parameters: int
    seconds: float
    backend: str
    device: str
    keras_version: str
    examples: int | None = None
    chance: float | None = None

    @cached_property
    def learned(self) -> bool | None:
        """Whether it learned, as harness/stats/learned.py defines it; None where what that takes was not recorded."""
        accuracies, losses = self.history.get("accuracy", ()), self.history.get("loss", ())
        if self.examples is None or self.chance is None or not accuracies:
            return None
        last = accuracies[-1]
        finite = [math.nan if loss is None else loss for loss in losses]
        return last is not None and learned(last, self.chance, self.examples, finite)


class SolvedLayer(Record):
    """A layer whose kernel was solved again, by `rows` equations for the `columns` unknowns of each output.

    `before` and `after` are the shares of the squares of the wanted outputs that the cut kernel, and the solved one,
    missed on images that the solution was not found from. `ridge` is how strongly it was drawn to the cut kernel; None
    where nothing did better than that, so that it stays.
    """

    layer: str
    before: float
    after: float
    ridge: float | None
    rows: int
    columns: int


class Answered(Record):
    """A classifier's last layer, solved by the original's answers on top of that, with a ridge towards what was there.

    `before` and `after` are the shares of the images' answers that are the original's, afterwards by solutions that
    other images gave.
    """

    ridge: float
    before: float
    after: float


class Reconstruction(GrownRecord):
    """What became of the layers behind pruned channels, and why others keep the kernels that they had, by layer.

    `before` and `after` are the shares of the squares of the original's outputs that the network missed, on those of
    the `images` that are for judging; None where an output was not finite. Where that did not become less, all was
    `undone`. `answered` are the layers that were solved by the original's answers as well.
    """

    later: ClassVar[frozenset[str]] = frozenset({"answered"})

    images: int
    before: float | None
    after: float | None
    undone: bool
    solved: tuple[SolvedLayer, ...]
    kept: Mapping[str, str]
    answered: Mapping[str, Answered] | None = None

    @property
    def images_needed(self) -> int | None:
        """How many images would give every layer as many equations as unknowns; None where there were as many."""
        short = [layer for layer in self.solved if layer.rows < layer.columns]
        if not short:
            return None
        return max(-(-self.images * layer.columns // max(layer.rows, 1)) for layer in short)


class Recovery(GrownRecord):
    """Accuracy on the same `examples` test examples, at every step of winning it back, beside baselines.

    `recalibrated` is None where no layer has statistics to measure again, `tuned` where nothing was trained;
    `original_recalibrated` is the original treated alike, so that what recalibration wins is not credited to pruning.
    `reconstructed` is with the kernels solved again, as `reconstruction` tells; `random_reconstructed` is what random
    channels of the same widths come to that way. All were fine-tuned for `epochs`, the learning rate by `schedule`, the
    same widths from new weights trained for `scratch_epochs`; the baselines are None where they were not asked for.
    """

    examples: int
    epochs: int
    distilled: bool
    original: float
    original_recalibrated: float | None = None
    pruned: float
    recalibrated: float | None = None
    tuned: float | None = None
    random_channels: float | None = None
    from_scratch: float | None = None
    scratch_epochs: int | None = None
    original_longer: float | None = None
    reconstructed: float | None = None
    random_reconstructed: float | None = None
    schedule: Literal["constant", "cosine"] | None = None
    reconstruction: Reconstruction | None = None
    later = frozenset({"reconstructed", "random_reconstructed", "schedule", "reconstruction"})
