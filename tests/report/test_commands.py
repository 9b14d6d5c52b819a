"""`harness report` and `harness results`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import app as cli
from harness.compare.results import RESULTS_FILE, Results
from harness.report import ReportPaths, as_json, terminal_table

ABSENT = ("keras", "tensorflow", "tf2onnx", "onnxruntime", "onnx")


@pytest.fixture(scope="module")
def run(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("run")
    (folder / RESULTS_FILE).write_text(results.model_dump_json())
    return folder


@pytest.fixture(scope="module")
def reported(run: Path) -> subprocess.CompletedProcess[str]:
    """`harness report RUN`, where nothing of what made the run is installed."""
    code = (
        f"import sys\n"
        f"for name in {ABSENT}: sys.modules[name] = None\n"
        f"sys.argv = ['harness', 'report', {str(run)!r}]\n"
        f"from harness.cli.app import main\n"
        f"main()"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def harness(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run a command in this process; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["harness", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_report_needs_nothing_that_made_the_run(reported: subprocess.CompletedProcess[str]) -> None:
    assert reported.returncode == 0, reported.stderr


def test_report_says_what_it_says_and_where_it_is(reported: subprocess.CompletedProcess[str], run: Path) -> None:
    lines = reported.stdout.splitlines()
    assert lines[0].startswith("Best candidate: ")
    assert lines[-1] == f"Report: {run / 'report.html'}"


def test_the_same_results_give_the_same_report_in_another_process(
    reported: subprocess.CompletedProcess[str], run: Path, written: ReportPaths
) -> None:
    assert reported.returncode == 0
    for path in (written.html, written.markdown, *written.charts):
        assert (run / path.relative_to(written.html.parent)).read_bytes() == path.read_bytes(), path.name


def test_results_are_a_table_that_no_pipe_squeezes(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness(monkeypatch, "results", str(run)) == 0
    printed = capsys.readouterr().out
    line = next(line for line in printed.splitlines() if line.strip().startswith("50"))
    assert "faster" in line
    assert "1 filter (first rows)" in printed


def test_results_of_several_runs_as_json(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness(monkeypatch, "results", str(run), str(run / RESULTS_FILE), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["study"] for each in told] == ["small", "small"]
    assert len(told[0]["variants"]) == 11


@pytest.mark.parametrize("command", ["report", "results"])
def test_no_run_is_one_line_and_exit_code_2(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness(monkeypatch, command, str(tmp_path)) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "no such results" in printed.err
    assert printed.out == ""


def test_the_table_has_a_row_for_each_network_and_variant(results: Results) -> None:
    assert terminal_table(results).row_count == 3 + 11


def test_the_summary_is_the_findings(results: Results, written: ReportPaths) -> None:
    titles = [finding["title"] for finding in as_json(results)["findings"]]
    answer, *lines = written.summary
    assert answer.startswith("Best candidate: "), "the sentence that the page begins with"
    assert [line.split(". ")[0] for line in lines if not line.startswith("  ")] == titles
