"""A study whose store isn't this disk: the same results on every machine, and nothing made twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import StoreError
from harness.base.store import asking, open_store, place_at
from harness.base.store.upkeep import contents
from harness.pipeline.run import Run, run_study
from harness.spec import Study, checked
from tests.s3 import S3, Fault

NETWORK = {"model": "single_conv", "options": {"filters": 4}, "deploy": False, "prune": [{"filters": 1}]}
STUDY: dict[str, Any] = {"name": "elsewhere", "data": {"limit": 200}, "train": {"epochs": 1}, "networks": [NETWORK]}


def run(s3: S3, machine: Path, **values: Any) -> Run:
    """The study, as another machine runs it."""
    asked = checked(Study, {**STUDY, **values}, "study")
    return run_study(asked, runs=machine / "runs", store=open_store(s3.address, cache=machine / "cache"))


def test_a_study_goes_on_where_another_machine_stopped(tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """One trains, and then its store does not answer; another prunes what it trained; a third makes nothing."""
    monkeypatch.setattr(asking, "PATIENCE_S", (0.01,))
    trained = run(s3, tmp_path / "a", networks=[{**NETWORK, "prune": [{"filters": 2}]}])
    assert [row.error for row in trained.results.rows] == [None, None]
    before = contents(place_at(s3.address)).artifacts
    s3.proxy.fault = Fault("broken")
    with pytest.raises(StoreError, match=f"^{s3.address}: "):
        run(s3, tmp_path / "a")
    s3.proxy.fault = None
    pruned = run(s3, tmp_path / "b")
    assert [row.error for row in pruned.results.rows] == [None, None]
    after = contents(place_at(s3.address))
    assert sorted(kept.stage for kept in after.artifacts.values()) == ["train", "try_out", "try_out"]
    assert {name: after.artifacts[name].written_s for name in before} == {
        name: kept.written_s for name, kept in before.items()
    }
    assert run(s3, tmp_path / "c").results.rows == pruned.results.rows
    assert contents(place_at(s3.address)).artifacts == after.artifacts
    assert (after.unreferenced, after.users, len(after.studies)) == ([], (), 2)
