"""A study with widths by measured latency: chosen once for all seeds, kept, and told where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.measure.latency import profiling
from harness.pipeline.run import Run, run_study
from harness.prune.speed import trial
from harness.spec import Study, checked

STUDY = {
    "name": "fast",
    "seeds": [0, 1],
    "data": {"limit": 500},
    "train": {"epochs": 2, "batch_size": 32},
    "measure": {"batch_sizes": [1], "budget_s": 2, "device": "cpu"},
    "networks": [
        {
            "model": "deepcaptcha",
            "options": {"filters": [16, 24, 32], "dense_units": 64},
            "prune": [
                {"speedup": [1.3, 1000.0], "recover": "reconstruct", "finetune_epochs": 1},
                {"speedup": 1.3, "recover": "reconstruct", "finetune_epochs": 1, "baseline": "random"},
                {"speedup": 1.3, "finetune_epochs": 2, "baseline": "scratch"},
                {"speedup": 1.3, "recover": "reconstruct", "finetune_epochs": 1, "baseline": "uniform"},
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fast")


@pytest.fixture(scope="module")
def finished(place: Path) -> Iterator[Run]:
    """Few networks, timed shortly; a try counts as it is, since a busy machine would not say 'faster'."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiling, "FEWEST_DESIGNS", 5)
        patch.setattr(profiling, "BUDGET_S", 0.5)
        patch.setattr(trial, "_met", lambda asked, reached: True)
        yield again(place)


def again(place: Path) -> Run:
    return run_study(checked(Study, STUDY, "study"), runs=place / "runs", store=place / "store")


def test_all_seeds_have_the_same_widths_from_one_table_and_their_own_channels(finished: Run, place: Path) -> None:
    rows = [row for row in finished.results.rows if row.prune is not None and row.prune.speedup == 1.3]
    assert [row.error for row in rows] == [None] * 8
    rows = [row for row in rows if row.prune is not None and row.prune.baseline != "uniform"]
    plans = [row.pruning.plan for row in rows if row.pruning is not None]
    assert len({tuple(len(kept) for kept in plan.kept.values()) for plan in plans}) == 1
    assert plans[0].kept != plans[1].kept
    assert len(list((place / "store" / "latency").glob("*/manifest.json"))) == 1
    assert len(list((place / "store" / "widths").glob("*/manifest.json"))) == 2
    for row in rows:
        assert row.pruning is not None
        assert row.pruning.speed is not None
        assert row.pruning.speed.asked.batch_sizes == (1,)
        if row.pruning.speed.judged:
            assert row.pruning.speed.rounds[row.pruning.speed.chosen].missed == row.pruning.speed.judged[0]


def test_baselines_have_those_widths_with_random_channels_and_with_new_weights(finished: Run) -> None:
    by_label = {row.variant: row for row in finished.results.rows if row.case.seed == 0 and not row.error}
    chosen = by_label["1.3x as fast, reconstructed, tuned 1"]
    random = by_label["1.3x as fast, reconstructed, random channels, tuned 1"]
    scratch = by_label["1.3x as fast, from scratch 2"]
    assert chosen.pruning is not None
    assert random.pruning is not None
    assert scratch.pruning is not None
    assert chosen.pruning.plan.kept == scratch.pruning.plan.kept != random.pruning.plan.kept
    assert random.pruning.reconstruction is not None
    assert scratch.pruning.finetune is not None
    assert len(scratch.pruning.finetune.history["loss"]) == 2
    assert [row.longer_epochs for row in by_label.values() if row.prune is None] == [0, 1]


def test_uniform_pruning_is_predicted_to_be_as_fast_as_those_widths_were_measured(finished: Run, place: Path) -> None:
    """The same share off every layer, from the same table, with each seed's own most important channels."""
    chosen, uniform = (
        [
            row.pruning
            for row in finished.results.rows
            if row.prune and row.prune.speedup == 1.3 and row.pruning and row.prune.baseline == baseline
        ]
        for baseline in (None, "uniform")
    )
    matched = [pruning.matched for pruning in uniform if pruning.matched is not None]
    assert len(matched) == 2
    assert matched[0] == matched[1]
    assert uniform[0].speed is None
    assert uniform[0].plan.kept != uniform[1].plan.kept
    assert chosen[0].speed is not None
    assert matched[0].wanted == {1: chosen[0].speed.reached[0].speedup}
    for layer, kept in uniform[0].plan.kept.items():
        whole = uniform[0].plan.channels[layer]
        gone = 0 if layer == list(uniform[0].plan.channels)[-1] else int(matched[0].ratio * whole + 1e-9)
        assert len(kept) == whole - gone, layer
    assert len(list((place / "store" / "uniform").glob("*/manifest.json"))) == 1
    assert len(list((place / "store" / "latency").glob("*/manifest.json"))) == 1


def test_what_can_not_be_reached_is_a_row_that_says_what_would_be_and_loses_no_other(finished: Run) -> None:
    rows = [row for row in finished.results.rows if row.prune is not None and row.prune.speedup == 1000]
    assert len(rows) == 2
    for row in rows:
        assert row.error is not None
        assert row.error.startswith("1000x as fast is not reachable by fewer channels: the fastest would be")
        assert "that would get an estimated" in row.error
        assert "\n" not in row.error
    others = [row for row in finished.results.rows if row.prune is None]
    assert [row.error for row in others] == [None] * len(others)
    told = finished.written.markdown.read_text(encoding="utf-8")
    assert "latency-chosen for 1000×: 1000x as fast is not reachable" in told
    assert "latency-chosen for 1.3×" in told


def test_nothing_is_chosen_or_measured_again(finished: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling.Profiler, "time", None)
    monkeypatch.setattr("harness.pipeline.stages.chosen", None)
    assert again(place).results.rows == finished.results.rows
