"""What changed between two runs, in the terminal and as Markdown; and the exit code of `harness compare`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.compare.between import Changes, changes_between
from harness.pipeline.saving import save
from harness.report.changes import headline, markdown, notes
from harness.spec import Study
from tests.cli.test_app import in_process
from tests.synthetic import World, accuracy_of, results_of

STUDY = Study.model_validate(
    {"name": "small", "seeds": [0], "networks": [{"model": "single_conv", "prune": [{"ratio": 0.5}]}]}
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The second run's pruned network is ten points less accurate."""
    folders = tuple(tmp_path_factory.mktemp("runs") / name for name in ("before", "after"))
    worse = World(accuracy=lambda case, prune: accuracy_of(case, prune) - (0.1 if prune else 0.0))
    for folder, world in zip(folders, (World(), worse), strict=True):
        folder.mkdir()
        save(results_of(STUDY, world), folder / "results.json")
    return folders[0], folders[1]


@pytest.fixture(scope="module")
def found(runs: tuple[Path, Path]) -> Changes:
    return changes_between(*runs)


def test_the_headline_counts_verdicts(found: Changes) -> None:
    assert headline(found) == "worse than before: 1 worse, 1 inconclusive, 2 same graph"
    assert notes(found) == ("worse: single_conv, 50 %: less accurate",)


def test_markdown_is_fit_for_a_pull_request(found: Changes) -> None:
    """Tables whose rows have as many cells as their headings, and the regression in words."""
    lines = markdown(found).splitlines()
    assert lines[0] == "### harness compare: worse than before"
    assert "- worse: single_conv, 50 %: less accurate" in lines
    tables = [line for line in lines if line.startswith("|")]
    assert len(tables) == (2 + 1) + (2 + 2) + (2 + 1)  # what changed, then the rest of the speeds and accuracies
    assert {line.count("|") for line in tables} == {5, 6}
    (row,) = [line for line in tables if "worse" in line]
    assert "−10.0 (" in row
    folded = lines[lines.index("<details><summary>3 rows without a clear change</summary>") :]
    assert row not in folded
    assert sum("same graph" in line for line in folded) == 2


def test_the_command_says_it_and_exits_with_1(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = map(str, runs)
    target = tmp_path / "changes.md"
    code, stdout, _ = in_process(capsys, "compare", before, after, "--markdown", str(target))
    assert code == 1
    assert "worse: single_conv, 50 %: less accurate" in stdout
    assert target.read_text().startswith("### harness compare: worse than before")
    code, stdout, _ = in_process(capsys, "compare", before, before, "--json")
    assert (code, json.loads(stdout)["regressions"]) == (0, [])
    code, stdout, _ = in_process(capsys, "compare", after, before, "--only", "accuracy", "--json")
    answer = json.loads(stdout)
    assert (code, answer["speed"], answer["accuracy"][1]["verdict"]) == (0, [], "better")


def test_bad_words_are_one_line_and_nothing_is_written(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = map(str, runs)
    target = tmp_path / "changes.md"
    for words, message in (
        ((before, after, "--only", "size"), "--only size: is unknown; use speed or accuracy"),
        ((before, str(tmp_path / "nowhere"), "--markdown", str(target)), "nowhere: can't be read"),
        ((before, after, "--markdown", str(tmp_path)), "can't be written"),
    ):
        code, stdout, stderr = in_process(capsys, "compare", *words)
        assert (code, stdout, stderr.count("\n")) == (2, "", 1)
        assert message in stderr
    assert not target.exists()
