"""Native crashes in every stage: each costs the rows that need what it was making, and says how and in which step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.base.progress import Progress
from harness.compare import comparing
from harness.pipeline import run as road
from harness.pipeline.run import Run, run_study
from harness.spec import Study, checked
from tests.pipeline.dying import planted_processes
from tests.pipeline.planted import Plant, planted

PRUNE = [{"ratio": [0.25, 0.5], "finetune_epochs": 1}]
STUDY: dict[str, Any] = {
    "name": "planted",
    "data": {"limit": 100},
    "measure": {"batch_sizes": [1], "budget_s": 1, "device": "cpu"},
    "networks": [{"model": "single_conv", "prune": PRUNE}],
}
WAYS = {
    "SIGFPE": "was killed by SIGFPE at '{}'; native code",
    "SIGSEGV": "was killed by SIGSEGV at '{}'; native code",
    "exit": "ended with exit code 3 at '{}'; something that it ran",
    "memory": "it ran out of memory at '{}' (MemoryError); give it more memory",
    "SIGKILL": "was killed by SIGKILL, most likely out of memory at '{}'; give it more memory",
}
STAGES = {
    "train": ("train", 4),
    "train_on": ("train_on", 1),
    "prune": ("prune", 1),
    "export": ("export", 1),
    "evaluate": ("accuracy", 1),
}


def run_planted(
    folder: Path,
    patch: pytest.MonkeyPatch,
    study: dict[str, Any],
    plants: list[Plant],
    on: str,
    progress: Progress | None = None,
) -> Run:
    patch.setattr(road, "StudySite", planted(plants))
    patch.setattr(road, "measured", lambda *asked: ())
    asked = checked(Study, study, "study")
    return run_study(asked, runs=folder / "runs", store=folder / "store", progress=progress, on=on)


def made(folder: Path) -> dict[str, int]:
    """When each artifact was made."""
    return {str(path.parent): path.stat().st_mtime_ns for path in (folder / "store").glob("*/*/manifest.json")}


def check_planted(folder: Path, patch: pytest.MonkeyPatch, ways: dict[str, str], on: str = "workers") -> None:
    """A seed for each stage, in which that stage dies; the next run makes what was lost, and nothing else again."""
    study = STUDY | {"seeds": list(range(len(ways) + 1))}
    plants = [Plant(stage, seed, how, folder) for seed, (stage, how) in enumerate(ways.items())]
    first = run_planted(folder, patch, study, plants, on)
    for seed, (stage, how) in enumerate(ways.items()):
        step, rows = STAGES[stage]
        lost = [row for row in first.results.rows if row.case.seed == seed and row.error is not None]
        assert len(lost) == rows, stage
        for row in lost:
            assert WAYS[how].format(step) in (row.error or ""), stage
            assert "\n" not in (row.error or "")
    whole = [row for row in first.results.rows if row.error is None]
    assert len(whole) == 4 * len(study["seeds"]) - sum(STAGES[stage][1] for stage in ways)
    assert all(row.accuracy is not None for row in whole)
    assert not list((folder / "store").rglob("*.unfinished"))
    before = made(folder)
    again = run_planted(folder, patch, study, plants, on)
    assert [row.error for row in again.results.rows] == [None] * 4 * len(study["seeds"])
    assert before.items() <= made(folder).items()


def test_each_stage_dies_in_its_own_way_and_costs_no_other_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_planted(tmp_path, monkeypatch, dict(zip(STAGES, WAYS, strict=True)))


@pytest.mark.slow
@pytest.mark.parametrize("how", WAYS)
def test_each_stage_dies_in_every_way(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_planted(tmp_path, monkeypatch, dict.fromkeys(STAGES, how), on="workers:2")


def test_a_network_that_kills_its_process_when_it_is_looked_at_costs_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is trained; a network that is not deployed is tried out, and dies there."""
    (tmp_path / "net.keras").write_bytes(b"weights")
    file = {"model": str(tmp_path / "net.keras"), "prune": [{"ratio": 0.5}]}
    kept = {"model": "single_conv", "deploy": False, "prune": [{"ratio": [0.25, 0.5]}]}
    study = STUDY | {"seeds": [0], "networks": [file, kept]}
    plants = [Plant("fit", 0, "SIGSEGV", tmp_path), Plant("try_out", 0, "SIGABRT", tmp_path)]
    done = run_planted(tmp_path, monkeypatch, study, plants, "workers")
    errors = [row.error for row in done.results.rows]
    assert [error is None for error in errors] == [False, False, True, False, True]
    assert "its process was killed by SIGSEGV at 'check'" in (errors[0] or "")
    assert "was killed by SIGABRT at 'try_out'" in (errors[3] or "")


def test_with_two_workers_rows_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the store holds what one worker makes."""
    study = STUDY | {"seeds": list(range(6))}
    rows = {}
    for on in ("workers", "workers:2"):
        done = run_planted(tmp_path / on[-1], monkeypatch, study, [], on)
        rows[on] = [row.model_dump() for row in done.results.rows]
    assert rows["workers"] == rows["workers:2"]
    keys = [{path.name for path in (tmp_path / end / "store").glob("*/*") if path.is_dir()} for end in ("s", "2")]
    assert keys[0] == keys[1] != set()


def test_a_run_compares_its_results_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the pictures, the report, and the table that is kept beside the results."""
    made = []
    monkeypatch.setattr(comparing, "timings_of", lambda *asked: made.append(1))
    done = run_planted(tmp_path, monkeypatch, STUDY | {"seeds": [0]}, [], "workers")
    assert made == [1]
    frame = harness.results([done.folder])
    assert made == [1]
    assert list(frame["variant"]) == [variant.label for variant in done.written.answers.variants]


MEASURED = {
    "SIGFPE": "the worker was killed by SIGFPE at its first run, batch 1",
    "SIGSEGV": "the worker was killed by SIGSEGV at its first run, batch 1",
    "exit": "the worker ended with exit code 3 at its first run, batch 1",
    "memory": "the worker ran out of memory (MemoryError); free some, or measure smaller batches or fewer models",
    "SIGKILL": "the worker was killed by SIGKILL, most likely out of memory at its first run, batch 1",
}
SLOWLY = [pytest.param(how, marks=[pytest.mark.slow] if how != "SIGFPE" else []) for how in MEASURED]


@pytest.mark.parametrize("how", SLOWLY)
def test_a_measuring_process_that_dies_costs_one_latency(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real processes and files; one of the four dies when it runs, and the report says why it has no latency."""
    (tmp_path / "site").mkdir()
    planted_processes(tmp_path / "site", monkeypatch)
    monkeypatch.setattr(road, "StudySite", planted([Plant("measure", 0, how, tmp_path)], measurable=True))
    network = {"model": "single_conv", "prune": [{"ratio": 0.5}]}
    study = checked(Study, STUDY | {"seeds": [0, 1], "networks": [network]}, "study")
    done = run_study(study, runs=tmp_path / "runs", store=tmp_path / "store", on="workers")
    assert [row.error for row in done.results.rows] == [None] * 4
    (measurement,) = done.results.measurements
    assert [row.error for row in measurement.rows] == [None, MEASURED[how], None, None]
    assert [bool(row.launches) for row in measurement.rows] == [True, False, True, True]
    assert done.written.answers.failures == {"latency of single_conv, 50 %, batch 1": MEASURED[how]}
    assert MEASURED[how] in done.written.markdown.read_text()
    assert not list((tmp_path / "store" / "measure").glob("*/manifest.json")), "the next run must measure again"
