"""The proof: the pruned graph computes what the original computes without those channels, both in onnxruntime.

The removed channels are set to zero in the original, in every tensor that carries them: so whatever reads them, after
normalisation and activation, reads zero. With random weights no two channels are alike, so rows taken in a wrong order
or a branch cut elsewhere can't go unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.base.errors import ProofError, UnprovableError
from harness.prune.onnx.proof.comparison import Comparison, Setting
from harness.prune.onnx.proof.randomize import own_values
from harness.records import Proof, Verdict

TOLERANCE = 1e-5
_GAINS = (1.0, 0.8, 0.65)  # of kernels: a deep network of large ones may magnify any rounding


def prove(comparison: Comparison, tolerance: float = TOLERANCE) -> Proof:
    """Run the trials, and raise where one does not hold.

    Raises:
        ProofError: the graphs differ, or the comparison would mean nothing.
    """
    proof = compare(comparison, tolerance)
    if not proof.holds:
        raise ProofError(failure(proof))
    return proof


def compare(comparison: Comparison, tolerance: float = TOLERANCE, *, own_weights: bool = True) -> Proof:
    """Run the trials. The proof that comes out need not hold.

    Without `own_weights` only random weights are tried: that is about the architecture alone.

    Raises:
        ProofError: the pruned graph is not one that the plan leaves.
        UnprovableError: the comparison would mean nothing.
    """
    comparison.check_interface()
    trials = {"weights carried over": comparison.carried_over()} if own_weights else {}
    random, setting = _tried("random weights", comparison, tolerance, comparison.telling)
    trials |= random
    if own_weights:
        feeds = setting.feeds
        trials |= _tried("real weights", comparison, tolerance, lambda gain: _own(comparison, feeds, gain))[0]
    return Proof(trials=trials, examples=_examples(setting), tolerance=tolerance)


def _own(comparison: Comparison, feeds: object, gain: float) -> Setting:
    values = own_values(comparison.found, gain) if gain != 1 else {}
    return Setting(values, feeds)  # type: ignore[arg-type]


def _examples(setting: Setting) -> int:
    """How many examples: those of one run where the first axis is a batch."""
    return sum(max((len(array) for array in feeds.values() if array.ndim), default=1) for feeds in setting.feeds)


def _tried(
    name: str, comparison: Comparison, tolerance: float, setting_with: Callable[[float], Setting]
) -> tuple[dict[str, float], Setting]:
    """One trial, and its setting: as the file is and optimised; in float64 where float32 is too coarse, and with
    smaller kernels where even there rounding alone would decide.
    """
    for gain in _GAINS:
        setting = setting_with(gain)
        shown = name if gain == 1 else f"{name}, kernels times {gain:g}"
        trials = {shown: comparison.difference(setting)}
        if not comparison.quantized:
            trials[f"{shown}, optimised"] = comparison.difference(setting, optimized=True)
        if max(trials.values()) <= tolerance:
            return trials, setting
        wide = comparison.difference_in_float64(setting)
        if wide is not None and wide <= tolerance:
            return {f"{shown}, float64": wide}, setting
        if comparison.rounding(setting, wide=wide is not None) <= tolerance:
            return trials if wide is None else {f"{shown}, float64": wide}, setting
    raise UnprovableError(
        f"can't prove anything: with {name} rounding alone changes the outputs, also in float64; keep the deepest "
        "layers, or verify a shallower part of the network"
    )


def failure(proof: Proof) -> str:
    """What a proof that does not hold says, in one line."""
    name, difference = max(proof.trials.items(), key=lambda trial: trial[1])
    return (
        f"the pruned graph is not the masked original: with {name}, they differ by {difference:.1e} of the spread, "
        f"more than {proof.tolerance:.0e}; prune again, and verify before anything else is changed"
    )


def judge(comparison: Comparison, *, architecture: bool = False, trained_on: bool = False) -> Verdict:
    """Compare, and say what came out instead of raising; with `architecture` by random weights alone.

    Of a file that is known to be changed since (`trained_on`), other weights than the original's are no mistake, and no
    proof either.
    """
    try:
        proof = compare(comparison, own_weights=not architecture)
    except UnprovableError as error:
        return Verdict(holds=None, why=str(error))
    except ProofError as error:
        return Verdict(holds=False, why=str(error))
    if proof.holds:
        what = "with random weights, the pruned architecture" if architecture else "the pruned file"
        return Verdict(holds=True, why=f"{what} computes what the masked original computes", proof=proof)
    if trained_on and proof.architecture_holds:
        why = "can't tell: the architecture is right, and kernels were solved again after the proof; use --architecture"
        return Verdict(holds=None, why=why, proof=proof)
    return Verdict(holds=False, why=failure(proof), proof=proof)
