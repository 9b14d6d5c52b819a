"""Random ONNX graphs: each is pruned without an error of shapes, and each prune is proved."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import harness
from harness.base.errors import PruneError
from tests.prune.onnx.graph.programs import STEPS, Step, build

pytestmark = pytest.mark.without_tensorflow

STEP = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3), st.integers(0, 3), st.integers(0, 7))
PROGRAM = st.lists(STEP, min_size=1, max_size=9)
RATIO = st.sampled_from([0.2, 0.5, 0.9])
QUIET = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


def prunes_and_proves(program: list[Step], ratio: float, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = build(program, Path(folder) / "net.onnx")
        try:
            result = harness.prune(path, ratio=ratio, importance="random", seed=seed)
        except PruneError as error:
            if re.match("nothing can be pruned|.*removes no channel", str(error)) is None:
                raise
            reject()
    assert result.proof.holds
    assert result.report.parameters_after < result.report.parameters_before


@settings(QUIET, max_examples=30, derandomize=True)
@given(PROGRAM, RATIO, st.integers(0, 9))
def test_thirty_random_graphs(program: list[Step], ratio: float, seed: int) -> None:
    prunes_and_proves(program, ratio, seed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(QUIET, max_examples=1000)
@given(PROGRAM, RATIO, st.integers(0, 9))
def test_a_thousand_random_graphs(program: list[Step], ratio: float, seed: int) -> None:
    prunes_and_proves(program, ratio, seed)
