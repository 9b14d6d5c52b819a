"""A network none of whose weights may change."""

from __future__ import annotations

from collections.abc import Iterator

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number


def nothing_trainable(evidence: Evidence) -> Iterator[Finding]:
    """No weight may change. Threshold: none is trainable."""
    if evidence.network.model.trainable_variables or not evidence.network.model.weights:
        return
    yield Finding(
        kind="nothing-trainable",
        severity="stops learning",
        what="Every layer is frozen",
        evidence=Number(value=0, unit="trainable weights", text="no layer has trainable=True"),
        why="Training changes nothing.",
        cure="Set trainable=True for the layers that should learn, and compile the model again",
    )
