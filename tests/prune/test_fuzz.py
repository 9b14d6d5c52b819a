"""Random networks of every supported layer: each is pruned without a shape error, and each prune is proved."""

from __future__ import annotations

import re

import keras
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import harness
from harness.base.errors import PruneError
from tests.prune.programs.building import Step, build
from tests.prune.programs.steps import STEPS

STEP = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3), st.integers(0, 3), st.integers(0, 7))
PROGRAM = st.lists(STEP, min_size=1, max_size=9)
RATIO = st.sampled_from([0.2, 0.5, 0.9])
QUIET = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


def prunes_and_proves(program: list[Step], ratio: float, seed: int) -> None:
    keras.backend.clear_session(free_memory=False)
    model = build(program)
    try:
        result = harness.prune(model, ratio=ratio, importance="random", seed=seed)
    except PruneError as error:
        if re.match("nothing can be pruned|.*removes no channel", str(error)) is None:
            raise
        reject()
    assert result.proof is not None
    assert result.proof.holds
    assert result.report.parameters_after < result.report.parameters_before


@settings(QUIET, max_examples=50, derandomize=True)
@given(PROGRAM, RATIO, st.integers(0, 9))
def test_fifty_random_networks(program: list[Step], ratio: float, seed: int) -> None:
    prunes_and_proves(program, ratio, seed)


@pytest.mark.slow
@settings(QUIET, max_examples=1000)
@given(PROGRAM, RATIO, st.integers(0, 9))
def test_a_thousand_random_networks(program: list[Step], ratio: float, seed: int) -> None:
    prunes_and_proves(program, ratio, seed)
