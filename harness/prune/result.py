"""What a prune makes: the cut network and its proof."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras

from harness.base.errors import ProofError
from harness.prune.choose.planning import plan_of, removal_of
from harness.prune.keras_graph.cost.report import report
from harness.prune.keras_graph.first_rows import spoil
from harness.prune.keras_graph.pinned import pinned
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import Trace
from harness.prune.proof.comparison import Comparison
from harness.prune.proof.verify import prove
from harness.records import ChannelPlan, Matched, Proof, PruneReport, Pruning, Reconstruction, Speed, Training


@dataclass(frozen=True)
class PruneResult:
    """A pruned model, what was decided, the proof, and what it removed. `proof` is None for a control only.

    The proof is about the network before its kernels were solved again, of which `reconstruction` tells. In several
    steps `cut_from` is the network that the last of them started from, and what that removed.
    `speed` is there where the widths were chosen by measured latency, `matched` where every layer loses the same share,
    to be as fast as such widths.
    """

    model: keras.Model
    plan: ChannelPlan
    proof: Proof | None
    report: PruneReport
    reconstruction: Reconstruction | None = None
    cut_from: tuple[keras.Model, ChannelPlan] | None = None
    speed: Speed | None = None
    matched: Matched | None = None

    def write(self, path: Path) -> None:
        """Write the model as a .keras file."""
        self.model.save(path)

    @property
    def proven(self) -> Proof:
        """The proof; a control has none.

        Raises:
            ProofError: this is a control.
        """
        if self.proof is None:
            raise ProofError("this network is wrong on purpose, as a control; prune with rows = 'provenance'")
        return self.proof

    def record(self, finetune: Training | None = None) -> Pruning:
        """What a results file keeps of it."""
        return Pruning(
            plan=self.plan,
            proof=self.proof,
            pinned=self.report.pinned,
            parameters_before=self.report.parameters_before,
            parameters_after=self.report.parameters_after,
            finetune=finetune,
            reconstruction=self.reconstruction,
            speed=self.speed,
            matched=self.matched,
        )


def cut_and_prove(
    model: keras.Model, found: Trace, decided: ChannelPlan, *, control: bool = False, seed: int = 0
) -> PruneResult:
    """Remove what a plan removes, prove it, and say what went. A control is spoilt on purpose, and has no proof.

    Raises:
        PruneError: the plan does not fit the model, or a layer can't be rebuilt.
        ProofError: the pruned network is not the masked original.
    """
    removal = removal_of(found, decided)
    pruned = remove(model, found, removal)
    proof = None
    if control:
        spoil(model, pruned)
    else:
        proof = prove(Comparison(model, pruned, found, removal, seed))
    by_own_names = plan_of(found, removal)
    return PruneResult(pruned, decided, proof, report(found, read_graph(pruned), by_own_names, pinned(found)))
