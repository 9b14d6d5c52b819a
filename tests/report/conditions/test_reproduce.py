"""The command that a report gives makes the run again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

import harness.pipeline.run
from harness.cli import app as cli
from harness.compare.results import Results
from harness.report.conditions import reproduce
from harness.spec import DataSpec, FrontierSpec, MeasureSpec, Study, TrainSpec, frontier_study, study_of
from tests.synthetic import World, results_of

NET = Path("my nets/Net 1.keras")


def command(study: Study) -> list[str]:
    """The words of the command, from results that were written and read."""
    results = Results.model_validate_json(results_of(study, World(chance=0.25, measured=False)).model_dump_json())
    return shlex.split(reproduce(results)[0], comments=True)


def study_run_by(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study that a command would run."""
    run: list[Study] = []

    def stop(study: Study, **options: object) -> None:
        run.append(study)
        raise SystemExit(0)

    monkeypatch.setattr(harness.pipeline.run, "run_study", stop)
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        cli.main()
    (study,) = run
    return study


def test_a_study_is_run_from_its_file(study: Study) -> None:
    assert command(study) == ["harness", "run", "small.toml"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "images:My Faces", "scale": "raw", "color": True, "resize": (64, 48), "limit": 100},
    ],
)
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_trained_network_is_run_by_its_file_with_the_options_that_make_the_same_study(
    data: dict[str, Any], device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = study_of(NET, DataSpec(**data), [0.25, 1 / 3], finetune_epochs=2)
    asked = asked.model_copy(update={"measure": asked.measure.model_copy(update={"device": device})})
    words = command(asked)
    assert words[:3] == ["harness", "run", "my nets/Net 1.keras"]
    assert study_run_by(words, monkeypatch) == asked


@pytest.mark.parametrize(
    "walk",
    [
        {},
        {
            "targets": (1.25, 2.0),
            "uniform": (0.5,),
            "epochs": 3,
            "scratch_epochs": 6,
            "importance": "l1",
            "device": "cpu",
        },
        {"batch_sizes": (8,), "threads": 2, "budget_s": 30.0, "epochs": 0},
    ],
)
def test_a_walk_along_the_frontier_is_asked_for_again(walk: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = frontier_study(NET, DataSpec(name="images:My Faces", scale="raw"), FrontierSpec(**walk))
    words = command(asked)
    assert words[:3] == ["harness", "frontier", "my nets/Net 1.keras"]
    assert study_run_by(words, monkeypatch) == asked


@pytest.mark.parametrize(
    "change",
    [
        {"name": "mine"},
        {"question": "Why?"},
        {"seeds": (0, 1)},
        {"data": DataSpec(classes=3)},
        {"measure": MeasureSpec(batch_sizes=(1,))},
        {"train": TrainSpec(epochs=9)},
    ],
)
def test_a_study_of_a_file_that_no_option_asks_for_is_run_from_its_own(change: dict[str, Any]) -> None:
    study = study_of(NET, DataSpec(), [0.5], finetune_epochs=1).model_copy(update=change)
    assert command(study) == ["harness", "run", f"{study.name}.toml"]
