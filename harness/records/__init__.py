"""What stages produce: frozen, versioned, written as JSON. Raw values are fields; what follows from them is derived.

From outside, import from `harness.records` itself.
"""

from harness.records.pruning import (
    Accuracy,
    ChannelPlan,
    Export,
    LayerCost,
    Parity,
    Proof,
    PruneFile,
    PruneReport,
    Pruning,
    Record,
    Recovery,
    Row,
    Training,
    Verdict,
    total,
)

__all__ = [
    "Accuracy",
    "ChannelPlan",
    "Export",
    "LayerCost",
    "Parity",
    "Proof",
    "PruneFile",
    "PruneReport",
    "Pruning",
    "Record",
    "Recovery",
    "Row",
    "Training",
    "Verdict",
    "total",
]
