"""Run a case study and keep its figures: `python -m bench.cases bench/studies/same-padding.toml --data fashion_mnist`.

Writes bench/results/STUDY[-DATA]/: the report in Markdown with its charts, and answers.json, which is what
`harness results --json` says of the run; of trainings in steps also their histories, as curve.csv. The run itself stays
in the folder for runs, out of git.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from pathlib import Path

from PIL import Image

from harness.cli.terminal import print_lines, print_message, terminal
from harness.compare.results import Results
from harness.pipeline.run import Run, run_study
from harness.report import told_as_json
from harness.spec import MeasureSpec, checked, read_study

RESULTS = Path(__file__).parent / "results"
COLORS = 64  # all that charts need, at a quarter of the size


def keep(run: Run, results: Path) -> Path:
    """Copy what is worth committing of a run; its folder under `results` takes the old one's place."""
    kept = results / run.folder.name
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    shutil.copy(run.folder / "report.md", kept)
    (kept / "charts").mkdir()
    for chart in (run.folder / "charts").glob("*.png"):
        with Image.open(chart) as picture:
            picture.convert("RGB").quantize(COLORS).save(kept / "charts" / chart.name, optimize=True)
    if points := curve(run.results):
        with (kept / "curve.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, list(points[0]))
            table.writeheader()
            table.writerows(points)
    told = told_as_json(run.written.answers, run.written.findings)
    (kept / "answers.json").write_text(json.dumps([told], separators=(",", ":"), ensure_ascii=False))
    return kept


def curve(results: Results) -> list[dict[str, object]]:
    """The history of every training in steps, a row for each of its points."""
    return [
        {
            "network": row.case.network,
            "seed": row.case.seed,
            "steps": (point + 1) * row.case.train.record_every,
            **{name: None if values[point] is None else f"{values[point]:.4f}" for name, values in history.items()},
        }
        for row in results.rows
        if row.prune is None and row.training is not None and row.case.train.steps is not None
        for history in [row.training.history]
        for point in range(len(history["loss"]))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", help="the study on other data")
    parser.add_argument("--seeds", type=int, help="so many, instead of the study's own")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--store", type=Path, default=Path(".harness"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    study = read_study(asked.study)
    study = study.on(asked.data) if asked.data else study
    study = study.model_copy(update={"seeds": tuple(range(asked.seeds))}) if asked.seeds else study
    measure = checked(MeasureSpec, {**study.measure.model_dump(), "device": asked.device}, "--device")
    study = study.model_copy(update={"measure": measure})
    run = run_study(study, runs=asked.runs, store=asked.store, progress=terminal(quiet=False))
    for row in run.results.rows:
        if row.error:
            print_message(f"{row.name}: {row.error}")
    print_lines(f"Figures: {keep(run, asked.results)}")


if __name__ == "__main__":
    main()
