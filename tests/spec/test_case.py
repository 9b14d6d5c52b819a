"""What is usual for a kind of network."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.spec import DataSpec, study_of, usual_importance, usual_walk


@pytest.mark.parametrize(
    ("model", "reconstructed", "expected"),
    [
        ("net.onnx", True, "reconstruction"),
        ("net.onnx", False, "l1"),
        ("net.keras", True, "l1"),
        ("deepcaptcha", False, "l1"),
    ],
)
def test_what_ranks_channels(model: str, reconstructed: bool, expected: str) -> None:
    assert usual_importance(model, reconstructed=reconstructed) == expected


def test_a_walk_of_a_file_and_its_study_rank_alike() -> None:
    """As `harness prune net.onnx --reconstruct` does."""
    study = study_of(Path("net.onnx"), DataSpec(), [0.5], 0)
    chosen = {usual_walk("net.onnx").importance, *(spec.importance for spec in study.cases()[0].prune)}
    assert chosen == {usual_importance("net.onnx", reconstructed=True)}
    assert usual_walk("net.keras").importance == "taylor"
