"""Whether a pruned network is the masked original: yes, no, or it can't be told."""

from __future__ import annotations

import keras

from harness.base.errors import ProofError, UnprovableError
from harness.prune.choose.planning import removal_of
from harness.prune.keras_graph.graph import check_finite
from harness.prune.keras_graph.trace import trace
from harness.prune.proof.comparison import Comparison
from harness.prune.proof.verify import compare, failure
from harness.records import ChannelPlan, Verdict


def judge(
    original: keras.Model,
    pruned: keras.Model,
    plan: ChannelPlan,
    *,
    trained_on: bool = False,
    architecture: bool = False,
    seed: int = 0,
) -> Verdict:
    """Compare two networks as `verify` does, and say what came out instead of raising.

    Args:
        original: the network that was pruned.
        pruned: the network that came out.
        plan: what was removed.
        trained_on: whether the pruned network is known to have been trained on since. Then other weights than the
            original's are no mistake, and no proof either: only the architecture can be told.
        architecture: look at the architecture alone, with random weights.
        seed: seeds the inputs and weights.

    Raises:
        PruneError: the plan does not fit the original, or its weights are not finite where they matter.
    """
    found = trace(original)
    if not architecture:
        check_finite(found.graph)
    comparison = Comparison(original, pruned, found, removal_of(found, plan), seed)
    try:
        proof = compare(comparison, own_weights=not architecture)
    except UnprovableError as error:
        return Verdict(holds=None, why=str(error))
    except ProofError as error:
        return Verdict(holds=False, why=str(error))
    if proof.holds:
        what = "with random weights, the pruned architecture" if architecture else "the pruned network"
        return Verdict(holds=True, why=f"{what} computes what the masked original computes", proof=proof)
    if not architecture and proof.architecture_holds:
        return Verdict(holds=None if trained_on else False, why=_other_weights(trained_on), proof=proof)
    return Verdict(holds=False, why=failure(proof), proof=proof)


def _other_weights(trained_on: bool) -> str:
    if trained_on:
        return (
            "can't tell: the architecture is right, and the weights were trained on after the proof, as the report "
            "beside the file says; use --architecture to ask for the architecture alone"
        )
    return (
        "the architecture is right, and the weights are not the original's; if the network was trained on since, "
        "use --architecture to ask for the architecture alone"
    )
