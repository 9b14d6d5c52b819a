"""The proof: the pruned network computes what the original computes without those channels.

The removed channels are set to zero in the original, in every tensor that carries them: so whatever reads them, after
normalisation and activation, reads zero. Layers that keep channels apart can't tell; a layer that mixes them can, and
then the two networks differ. With random weights no two channels are alike, so rows taken in a wrong order, statistics
of the wrong channel or a branch cut elsewhere can't go unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable

import keras

from harness.base.errors import ProofError, SpecError, UnprovableError
from harness.prune.choose.planning import removal_of
from harness.prune.keras_graph.graph import check_finite
from harness.prune.keras_graph.trace import trace
from harness.prune.proof.comparison import Comparison, Setting
from harness.prune.proof.difference import has_float64
from harness.records import ChannelPlan, Proof
from harness.spec import check_seed

TOLERANCE = 1e-5
EXAMPLES = 4
_GAINS = (1.0, 0.8, 0.65)  # of kernels: a deep network of large ones may magnify any rounding


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
