"""What a Keras model does not keep at other widths, once its kernels are solved again, without training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from harness.base.errors import PruneError
from harness.prune.choose.planning import removal_of
from harness.prune.data.given import Array, Data
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace, trace
from harness.prune.recover.missed import share_missed
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.records import ChannelPlan
from harness.spec import RECONSTRUCT_IMAGES

JUDGING = 5  # every fifth example
AT_ONCE = 32  # examples


@dataclass(frozen=True)
class KerasJudge:
    """A model, and examples: one array (N, ...) for each of its inputs, in an order drawn by the seed."""

    model: keras.Model
    inputs: tuple[Array, ...]
    seed: int

    @classmethod
    def of(cls, model: keras.Model, data: Any, seed: int) -> KerasJudge | None:
        """From inputs or (inputs, labels) as a caller gives them; None where there are none, or of a fixed batch."""
        inputs = Data.given(data, seed, RECONSTRUCT_IMAGES).examples
        if not inputs or any(tensor.shape[0] for tensor in model.inputs):
            return None
        order = np.random.default_rng(seed).permutation(len(inputs[0]))
        return cls(model, tuple(each[order] for each in inputs), seed)

    @property
    def examples(self) -> int:
        """How many there are to solve from and to judge by."""
        return len(self.inputs[0])

    @cached_property
    def _found(self) -> Trace:
        """Its channels; a network that is too large to be judged is not traced for that."""
        return trace(self.model)

    def missed(self, plan: ChannelPlan) -> float | None:
        """The share of the squares of the original's outputs that is missed, on examples that nothing is solved from.

        None where the examples are too few, or do not fit.
        """
        cut = remove(self.model, self._found, removal_of(self._found, plan))
        judged = np.arange(self.examples) % JUDGING == JUDGING - 1
        try:
            reconstruct(self.model, plan, cut, [each[~judged] for each in self.inputs], self.seed)
        except PruneError:
            return None
        feeds = [each[judged] for each in self.inputs]
        return share_missed(
            pair
            for start in range(0, len(feeds[0]), AT_ONCE)
            for pair in zip(*(_outputs(model, feeds, start) for model in (self.model, cut)), strict=True)
        )


def _outputs(model: keras.Model, feeds: list[Array], start: int) -> list[Array]:
    """What a model gives for some of the examples, an array for each output."""
    parts = [each[start : start + AT_ONCE] for each in feeds]
    found = model(parts if len(parts) > 1 else parts[0], training=False)
    return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(found)]
