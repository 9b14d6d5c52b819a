"""What a prune of an ONNX file makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir

from harness.prune.files import data_path
from harness.records import (
    Agreement,
    ChannelPlan,
    Matched,
    Proof,
    PruneReport,
    Pruning,
    Reconstruction,
    Recovery,
    Speed,
)


@dataclass(frozen=True)
class OnnxResult:
    """A pruned ONNX model, what was decided, the proof, and what it removed.

    The proof is about the graph before its kernels were solved again, of which `reconstruction` tells. `agreement` says
    how much of the original's answers is kept, where there were examples for that, and `recovery` how many are right,
    where they had labels; `no_accuracy` is why that can't be told. `speed` is there where the widths were chosen by
    measured latency, `matched` where every layer loses the same share, to be as fast as such widths.
    """

    model: ir.Model
    plan: ChannelPlan
    proof: Proof
    report: PruneReport
    external: bool = False
    reconstruction: Reconstruction | None = None
    agreement: Agreement | None = None
    recovery: Recovery | None = None
    no_accuracy: str | None = None
    speed: Speed | None = None
    matched: Matched | None = None

    def write(self, path: Path) -> None:
        """Write the file; weights go beside it, in NAME.onnx.data, where the original's were outside of it too."""
        ir.save(self.model, path, external_data=data_path(path).name if self.external else None)

    def record(self) -> Pruning:
        """What a results file keeps of it."""
        return Pruning(
            plan=self.plan,
            proof=self.proof,
            pinned=self.report.pinned,
            parameters_before=self.report.parameters_before,
            parameters_after=self.report.parameters_after,
            finetune=None,
            reconstruction=self.reconstruction,
            speed=self.speed,
            matched=self.matched,
        )
