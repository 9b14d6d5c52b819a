"""Original and pruned network side by side: random settings that tell, and how far apart the two come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from harness.base.errors import ProofError, UnprovableError, first_line
from harness.channels.names import Flags
from harness.channels.removal import Removal
from harness.prune.keras_graph.copies import as_float64
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.logits import LogitNetwork, Value, Values, logit_network
from harness.prune.keras_graph.surgery import cut
from harness.prune.keras_graph.trace import Trace
from harness.prune.proof.difference import TELLING, relative_difference, varies
from harness.prune.proof.randomize import is_kernel, random_inputs, random_values

_SCALES = (1.0, 100.0, 10.0, 1.0, 100.0)  # of the inputs: networks expect pixels of 0 to 1, or of 0 to 255
_LAST_DIGITS = 1e-15  # as a share: about four roundings in float64


@dataclass(frozen=True)
class Setting:
    """Inputs, weights (None for the networks' own), and the masked original's logits with them."""

    inputs: Sequence[Value]
    values: Values | None
    masked: Sequence[Value]


@dataclass(frozen=True)
class Comparison:
    """Original and pruned network, and what was removed between them."""

    original: keras.Model
    pruned: keras.Model
    trace: Trace
    removal: Removal
    seed: int

    @cached_property
    def networks(self) -> tuple[LogitNetwork, LogitNetwork]:
        """Original and pruned, up to their logits."""
        original, pruned = logit_network(self.original), logit_network(self.pruned)
        before, after = (
            [(type(op), len(weights_of(op))) for op in network.graph.layers.values()] for network in (original, pruned)
        )
        if before != after:
            raise ProofError(
                "the pruned network does not have the original's layers; verify the two that belong together"
            )
        return original, pruned

    @cached_property
    def masks(self) -> dict[int, Flags]:
        """False where elements of a tensor go; only tensors that lose some."""
        masks = {index: self.removal.mask(names) for index, names in self.trace.tensors.items()}
        return {index: mask for index, mask in masks.items() if mask is not None}

    def setting(self, inputs: Sequence[Value], values: Values | None) -> Setting:
        """Run the masked original.

        Raises:
            UnprovableError: it can't run here.
        """
        try:
            return Setting(inputs, values, self.networks[0].logits(inputs, values, self.masks))
        except Exception as error:
            raise UnprovableError(
                f"can't prove anything: the original does not run here ({first_line(error)}); prune it where it does"
            ) from error

    def own(self, inputs: Sequence[Value], gain: float = 1.0) -> Setting:
        """The networks' own weights, with kernels times `gain`."""
        if gain == 1:
            return self.setting(inputs, None)
        layers = self.networks[0].graph.layers.items()
        values = {
            path: [weight.value * gain if is_kernel(weight) else weight.value for weight in weights_of(op)]
            for path, op in layers
        }
        return self.setting(inputs, values)

    def telling(self, examples: int, gain: float = 1.0) -> Setting:
        """Random weights and inputs with which removing the channels shows in the logits.

        Channels that no output depends on show in none, and can go: then the outputs need only vary.
        """
        alive = None
        for attempt, scale in enumerate(_SCALES):
            values = random_values(self.trace.graph, self.networks[1].graph, self.seed + attempt, gain)
            inputs = random_inputs(self.trace.graph, examples, self.seed + attempt, scale)
            setting = self.setting(inputs, values)
            effect = relative_difference(setting.masked, self.networks[0].logits(inputs, values))
            if not all(varies(outputs) for outputs in setting.masked):
                continue
            if effect > TELLING:
                return setting
            alive = alive or setting
        if alive is not None and not self.reach_outputs(alive):
            return alive
        raise UnprovableError(
            "can't prove anything: removing the channels does not show in the outputs with any of "
            f"{len(_SCALES)} random sets of weights; prune layers that the outputs depend on"
        )

    def reach_outputs(self, setting: Setting) -> bool:
        """Whether any output depends on a removed channel: what is computed from NaN is NaN."""
        outputs = self.networks[0].logits(setting.inputs, setting.values, self.masks, fill=float("nan"))
        return not all(np.isfinite(each).all() for each in outputs)

    def difference(self, setting: Setting) -> float:
        """Largest difference of the logits, relative to their spread."""
        own = None if setting.values is None else self.cut(setting.values)
        try:
            made = self.networks[1].logits(setting.inputs, own)
        except Exception as error:
            raise ProofError(f"the pruned network does not run: {first_line(error)}") from error
        return relative_difference(setting.masked, made)

    def difference_in_float64(self, setting: Setting) -> float:
        """The same between copies that compute in float64."""
        return self.wide.difference(self.wide.setting(_wide(setting.inputs), setting.values))

    def rounding(self, setting: Setting) -> float:
        """How much the masked original's logits change in float64 when its weights change in their last digits.

        Rounding in a layer's sums is as if its weights were a little different.
        """
        inputs, network = _wide(setting.inputs), self.wide.networks[0]
        values = network.values() if setting.values is None else setting.values
        generator = np.random.default_rng(self.seed)
        moved = {path: [_nudged(weight, generator) for weight in weights] for path, weights in values.items()}
        settings = [self.wide.setting(inputs, each) for each in (setting.values, moved)]
        return relative_difference(settings[0].masked, settings[1].masked)

    @cached_property
    def wide(self) -> Comparison:
        """The same comparison between copies that compute in float64."""
        copies = as_float64(self.original), as_float64(self.pruned)
        return Comparison(*copies, self.trace, self.removal, self.seed)

    def cut(self, values: Values) -> dict[str, list[Value]]:
        """The pruned network's weights as they follow from the original's."""
        found = {}
        layers = zip(self.trace.graph.layers, self.networks[1].graph.layers.items(), strict=True)
        for path, (pruned_path, op) in layers:
            names = self.trace.layers[path].weights
            arrays = map(keras.ops.convert_to_numpy, values[path])
            found[pruned_path] = [cut(value, names.get(i), self.removal) for i, value in enumerate(arrays)]
            shapes = [tuple(weight.shape) for weight in weights_of(op)]
            if shapes != [value.shape for value in found[pruned_path]]:
                raise ProofError(
                    f"the weights of '{pruned_path}' have shapes {shapes}, which is not what the plan leaves"
                )
        return found

    def carried_over(self) -> float:
        """Largest difference between a pruned weight and the original's, relative to the spread of the weight."""
        original, pruned = self.networks
        expected, found = self.cut(original.values()), pruned.values()
        pairs = [pair for path in expected for pair in zip(expected[path], found[path], strict=True)]
        return max((relative_difference([a], [b]) for a, b in pairs if a.size), default=0.0)


def _nudged(weight: Any, generator: np.random.Generator) -> Value:
    value = np.asarray(keras.ops.convert_to_numpy(weight))
    if value.dtype.kind != "f":
        return value
    return value * (1 + _LAST_DIGITS * generator.standard_normal(value.shape))


def _wide(inputs: Sequence[Value]) -> list[Value]:
    return [x.astype(np.float64) if x.dtype == np.float32 else x for x in inputs]
