"""A run's folder: what it holds in the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from harness import report
from harness.base.store import replaced_folder
from harness.compare import Compared
from harness.compare.results import RESULTS_FILE, Results
from harness.pipeline.rows import Outcome
from harness.pipeline.saving import save
from harness.report import ReportPaths
from harness.spec.names import file_name


def write_run(
    folder: Path, results: Results, outcomes: Iterable[Outcome], found: Compared | None = None
) -> ReportPaths:
    """Write results.json, the report and the ONNX files; the folder takes the old one's place whole.

    `found` are the results' answers, where they are known already.
    """
    with replaced_folder(folder) as unfinished:
        save(results, unfinished / RESULTS_FILE)
        (unfinished / "models").mkdir()
        for outcome in outcomes:
            if outcome.onnx is not None:
                shutil.copyfile(outcome.onnx, unfinished / "models" / f"{file_name(outcome.row.name)}.onnx")
        written = report.write(results, unfinished, found)
        report.keep_table(unfinished / RESULTS_FILE, written.answers)
    return written.moved(unfinished, folder)
