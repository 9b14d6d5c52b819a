"""Two ONNX files and the plan between them: whether the pruned one is the masked original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.base.errors import SpecError
from harness.prune.choose.planning import removal_of
from harness.prune.files import read_about, trained_on
from harness.prune.onnx.graph.reading import load_onnx, read_onnx
from harness.prune.onnx.graph.trace import trace
from harness.prune.onnx.network import check_finite
from harness.prune.onnx.proof.comparison import Comparison
from harness.prune.onnx.proof.verify import judge, prove
from harness.records import ChannelPlan, Proof, Verdict
from harness.spec import check_seed


def prove_onnx(
    original: Path | str, pruned: Path | str, plan: ChannelPlan, *, inputs: Sequence[str] = (), seed: int = 0
) -> Proof:
    """Check that a pruned ONNX file computes what the masked original computes.

    Raises:
        MeasureError: a file can't be read.
        PruneError: the plan does not fit the original.
        ProofError: the files differ, or the comparison would mean nothing.
    """
    check_seed(seed)
    if not isinstance(pruned, Path | str):
        raise SpecError(f"expected the path of the pruned file, not {type(pruned).__name__}; write it first")
    return prove(_comparison(Path(original), Path(pruned), plan, inputs, seed))


def verify_onnx(
    original: Path,
    pruned: Path,
    plan: ChannelPlan,
    *,
    inputs: Sequence[str] = (),
    architecture: bool = False,
    seed: int = 0,
) -> Verdict:
    """Whether a pruned ONNX file is the masked original.

    Raises:
        MeasureError: a file can't be read.
        PruneError: the plan does not fit the original.
    """
    changed = trained_on(read_about(pruned))
    return judge(_comparison(original, pruned, plan, inputs, seed), architecture=architecture, trained_on=changed)


def _comparison(original: Path, pruned: Path, plan: ChannelPlan, inputs: Sequence[str], seed: int) -> Comparison:
    found = trace(read_onnx(original, inputs))
    check_finite(found)
    return Comparison(found, load_onnx(pruned), removal_of(found, plan), seed)
