"""A file that is of another network's float32 twin is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.compare import compare
from harness.compare.results import Results
from harness.report import write
from harness.report.conditions import conditions
from harness.report.names import Names
from harness.spec import ExportSpec, Study
from tests.synthetic import World, results_of


def twins(differences: dict[str, float | None]) -> Results:
    """The networks of which the twin was exported, with how far they are from it; another computes in float32."""
    networks = [{"model": name} for name in (*differences, "plain")]
    results = results_of(Study.model_validate({"name": "x", "networks": networks}), World(measured=False))
    rows = []
    for row in results.rows:
        twin = {"twin_of": "mixed_float16", "twin_difference": differences.get(row.case.model)}
        assert row.export is not None
        export = row.export.model_copy(update=twin if row.case.model in differences else {})
        rows.append(row.model_copy(update={"export": export}))
    return results.model_copy(update={"rows": tuple(rows)})


def told(results: Results) -> str | None:
    answers = compare(results)
    return dict(conditions(results, answers, Names(answers))).get("Precision")


@pytest.mark.parametrize(
    ("differences", "apart"),
    [
        ({"half": 0.00123}, "differ from the twin's by up to 1.2e-03 of their spread."),
        ({"half": 0.00123, "other": 0.5}, "differ from the twin's by up to 5.0e-01 of their spread."),
        ({"half": None}, "are not all finite numbers."),
        ({"half": 0.5, "other": None}, "differ from the twin's by up to 5.0e-01 of their spread and are in part no"),
    ],
)
def test_what_computes_in_another_precision_than_its_file_is_named(
    differences: dict[str, float | None], apart: str
) -> None:
    text = told(twins(differences))
    assert text is not None
    assert all(f"{name}, which computes in mixed_float16" in text for name in differences)
    assert "plain" not in text
    assert apart in text


def test_where_all_compute_in_float32_nothing_is_said_of_precision() -> None:
    assert told(twins({})) is None


def test_both_forms_of_the_report_say_so(tmp_path: Path) -> None:
    written = write(twins({"half": 0.001}), tmp_path)
    assert "**Precision.** Exported is the float32 twin" in written.markdown.read_text()
    assert "<dt>Precision</dt>" in written.html.read_text()


def test_how_files_were_asked_for_is_told() -> None:
    """Only what is otherwise than by default."""
    results = twins({})
    asked = ExportSpec(batch=8, layout="nchw")
    rows = [
        row.model_copy(update={"export": row.export and row.export.model_copy(update={"asked": asked})})
        for row in results.rows
    ]
    answers = compare(results)
    plain = dict(conditions(results, answers, Names(answers)))
    assert "ONNX files" not in plain
    said = dict(conditions(results.model_copy(update={"rows": tuple(rows)}), answers, Names(answers)))
    assert said["ONNX files"] == "They take batches of 8 alone and take images as NCHW, as the study asks for."
