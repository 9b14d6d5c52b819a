"""What a run leaves is read back, and so is what older versions left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import SpecError
from harness.compare.results import Results, read_results
from harness.report import write
from tests.cli.test_app import in_process
from tests.compare.worlds import STUDY
from tests.synthetic import results_of


@pytest.fixture
def old() -> dict[str, Any]:
    """As version 2 wrote it: without labels and wrong answers."""
    values: dict[str, Any] = json.loads(results_of(STUDY).model_dump_json())
    del values["example_sets"]
    for row in values["rows"]:
        del row["accuracy"]["wrong"]
    return {**values, "schema_version": "harness-results/2"}


def test_results_are_read_back_as_they_were() -> None:
    found = results_of(STUDY)
    assert Results.model_validate_json(found.model_dump_json()) == found


def test_results_of_version_2_are_read_and_reported_without_classes(old: dict[str, Any], tmp_path: Path) -> None:
    found = Results.model_validate_json(json.dumps(old))
    assert found.example_sets == {}
    assert found.rows[0].accuracy == results_of(STUDY).rows[0].accuracy.model_copy(update={"wrong": None})  # type: ignore[union-attr]
    page = write(found, tmp_path).html.read_text()
    assert "Accuracy by class" not in page
    assert "Changed answers" in page


def test_results_of_version_1_are_read(old: dict[str, Any]) -> None:
    """They have one measurement or none."""
    found = Results.model_validate_json(json.dumps(old))
    (old["measurement"],) = old.pop("measurements")
    old["schema_version"] = "harness-results/1"
    assert Results.model_validate_json(json.dumps(old)) == found
    assert Results.model_validate_json(json.dumps({**old, "measurement": None})).measurements == ()


def test_results_of_a_version_to_come_are_refused_in_one_line(old: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({**old, "schema_version": "harness-results/4"}))
    told = (
        r"not the results of this version \(it is 'harness-results/4', and this harness reads harness-results/1, "
        r"harness-results/2, harness-results/3\); run the study again"
    )
    with pytest.raises(SpecError, match=told):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text("{}")
    with pytest.raises(SpecError, match=r"not the results of this version \(\d problems\); run the study again"):
        read_results(tmp_path)


@pytest.mark.parametrize("version", ["harness-results/0", "harness-results/4", "x\ny" * 100])
def test_a_report_of_another_version_is_one_line_and_nothing_is_written(
    old: dict[str, Any], version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.json").write_text(json.dumps({**old, "schema_version": version}))
    for command in (("report",), ("results",), ("bundle", "original", "-o", str(tmp_path / "shipped"))):
        words = (command[0], str(tmp_path), *command[1:])
        code, stdout, stderr = in_process(capsys, *words)
        assert (code, stdout, stderr.count("\n")) == (2, "", 1)
        assert "not the results of this version (it is '" in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_a_report_of_version_2_is_written(
    old: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.json").write_text(json.dumps(old))
    assert in_process(capsys, "report", str(tmp_path))[0] == 0
    assert (tmp_path / "report.html").is_file()
