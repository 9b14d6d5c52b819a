"""The proof: the pruned network computes what the original computes without those channels.

The removed channels are set to zero in the original, in every tensor that carries them: so whatever reads them, after
normalisation and activation, reads zero. Layers that keep channels apart can't tell; a layer that mixes them can, and
then the two networks differ. With random weights no two channels are alike, so rows taken in a wrong order, statistics
of the wrong channel or a branch cut elsewhere can't go unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from harness.errors import ProofError, SpecError, UnprovableError, first_line
from harness.prune.copies import as_float64
from harness.prune.graph import check_finite, weights_of
from harness.prune.logits import LogitNetwork, Value, Values, logit_network
from harness.prune.planning import removal_of
from harness.prune.provenance import Flags, Removal
from harness.prune.randomize import is_kernel, random_inputs, random_values
from harness.prune.surgery import cut
from harness.prune.trace import Trace, trace
from harness.records import ChannelPlan, Proof
from harness.spec import check_seed

TOLERANCE = 1e-5
EXAMPLES = 4
_SCALES = (1.0, 100.0, 10.0, 1.0, 100.0)  # of the inputs: networks expect pixels of 0 to 1, or of 0 to 255
_GAINS = (1.0, 0.8, 0.65)  # of kernels: a deep network of large ones may magnify any rounding
_LAST_DIGITS = 1e-15  # as a share: about four roundings in float64
_TELLING = 1e-4  # masks and inputs must change the logits by this share of their spread, or the trial says nothing


def verify(
    original: keras.Model,
    pruned: keras.Model,
    plan: ChannelPlan,
    *,
    examples: int = EXAMPLES,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Proof:
    """Check that the pruned network computes what the masked original computes, up to the logits.

    It is tried with the weights as they are and with random weights and statistics; where float32 is too coarse, in
    float64. The weights themselves must be those of the original.

    Args:
        original: the network that was pruned.
        pruned: the network that came out, not yet trained on.
        plan: what was removed.
        examples: how many random inputs.
        tolerance: the largest difference allowed, relative to the spread of the logits.
        seed: seeds the inputs and weights.

    Raises:
        SpecError: `examples`, `tolerance` or `seed` can't be used.
        PruneError: the plan does not fit the original, or its weights are not finite.
        ProofError: the networks differ, or the comparison would mean nothing.
    """
    check_seed(seed)
    if examples < 2:
        raise SpecError(f"verify: examples = {examples}: give 2 or more, since what varies between them is compared")
    if not tolerance > 0:
        raise SpecError(f"verify: tolerance = {tolerance}: give a number above 0, such as {TOLERANCE:.0e}")
    found = trace(original)
    check_finite(found.graph)
    return prove(Comparison(original, pruned, found, removal_of(found, plan), seed), examples, tolerance)


def prove(comparison: Comparison, examples: int = EXAMPLES, tolerance: float = TOLERANCE) -> Proof:
    """`verify`, for an original whose channels are named already."""
    proof = compare(comparison, examples, tolerance)
    if not proof.holds:
        raise ProofError(failure(proof))
    return proof


def compare(
    comparison: Comparison, examples: int = EXAMPLES, tolerance: float = TOLERANCE, *, own_weights: bool = True
) -> Proof:
    """Run the trials. The proof that comes out need not hold.

    Without `own_weights` only random weights are tried: that is about the architecture alone, whatever the pruned
    network's weights have become.

    Raises:
        ProofError: the pruned network is not one that the plan leaves.
        UnprovableError: the comparison would mean nothing.
    """
    trials = {"weights carried over": comparison.carried_over()} if own_weights else {}
    random, setting = _tried("random weights", comparison, tolerance, lambda gain: comparison.telling(examples, gain))
    trials |= random
    if own_weights:
        inputs = setting.inputs
        trials |= _tried("real weights", comparison, tolerance, lambda gain: comparison.own(inputs, gain))[0]
    return Proof(trials=trials, examples=examples, tolerance=tolerance)


def _tried(
    name: str, comparison: Comparison, tolerance: float, setting_with: Callable[[float], Setting]
) -> tuple[dict[str, float], Setting]:
    """One trial, and its setting: in float32, in float64 where that is too coarse, and with smaller kernels where even
    there rounding alone would decide.
    """
    for gain in _GAINS:
        setting = setting_with(gain)
        shown = name if gain == 1 else f"{name}, kernels times {gain:g}"
        difference = comparison.difference(setting)
        if difference <= tolerance or not has_float64():
            return {shown: difference}, setting
        difference = comparison.difference_in_float64(setting)
        if difference <= tolerance or comparison.rounding(setting) <= tolerance:
            return {f"{shown}, float64": difference}, setting
    raise UnprovableError(
        f"can't prove anything: with {name} rounding alone changes the outputs, also in float64; verify a shallower "
        "part of the network"
    )


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
                f"can't prove anything: the original does not run here ({first_line(error)}); prune it where it does. "
                "TensorFlow runs channels_first on a GPU only, JAX on a CPU too (KERAS_BACKEND=jax)"
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
            if effect > _TELLING:
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


def relative_difference(expected: Sequence[Value], found: Sequence[Value]) -> float:
    """The largest absolute difference over the standard deviation of what was expected, the worst of all arrays.

    Infinite where shapes differ or a value is not finite; where nothing is spread, any difference at all.
    """
    worst = 0.0
    for one, other in zip(expected, found, strict=True):
        a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
        if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return float("inf")
        largest = float(np.abs(a - b).max(initial=0.0))
        if largest:
            worst = max(worst, largest / (float(a.std()) or 1e-300))
    return worst


def varies(outputs: Value) -> bool:
    """Whether the outputs differ between examples, by more than rounding."""
    return bool(np.ptp(outputs, axis=0).max(initial=0.0) > _TELLING * outputs.std()) and bool(
        np.isfinite(outputs).all()
    )


def _nudged(weight: Any, generator: np.random.Generator) -> Value:
    value = np.asarray(keras.ops.convert_to_numpy(weight))
    if value.dtype.kind != "f":
        return value
    return value * (1 + _LAST_DIGITS * generator.standard_normal(value.shape))


def _wide(inputs: Sequence[Value]) -> list[Value]:
    return [x.astype(np.float64) if x.dtype == np.float32 else x for x in inputs]


def has_float64() -> bool:
    """Whether the backend computes in float64 when asked; JAX does only with JAX_ENABLE_X64=1."""
    return "float64" in str(keras.ops.zeros(1, "float64").dtype)


def failure(proof: Proof) -> str:
    """What a proof that does not hold says, in one line."""
    name, difference = max(proof.trials.items(), key=lambda trial: trial[1])
    advice = "prune again, and verify before training on"
    if not has_float64():
        advice += ", with float64 enabled (JAX_ENABLE_X64=1)"
    return (
        f"the pruned network is not the masked original: with {name}, they differ by {difference:.1e} of the spread, "
        f"more than {proof.tolerance:.0e}; {advice}"
    )
