"""Runs as a table of data: a row a variant, every column documented, and read back as it was."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

import harness
from harness.base.errors import SpecError
from harness.compare import frame, kept
from harness.compare.comparing import compare
from harness.compare.frame import COLUMNS, write_table
from harness.report import keep_table
from tests.compare.worlds import STUDY
from tests.synthetic import results_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "results.json").write_text(results_of(STUDY).model_dump_json())
    return folder


def test_a_row_for_each_variant_with_what_the_answers_say(run: Path) -> None:
    frame = harness.results([run, run / "results.json"])
    answers = compare(results_of(STUDY))
    assert len(frame) == 2 * len(answers.variants)
    for (_, row), variant in zip(frame.iterrows(), answers.variants, strict=False):
        assert (row["network"], row["variant"]) == (variant.network, variant.label)
        assert variant.accuracy is not None
        assert row["accuracy"] == variant.accuracy.value
        for batch, speedup in variant.speedups.items():
            assert row[f"speedup_batch_{batch}"] == speedup.value
            assert row[f"verdict_batch_{batch}"] == speedup.verdict.value
    assert set(frame["factor_padding"].dropna()) == {"same", "valid"}


def test_every_column_is_documented_and_every_documented_one_is_there(run: Path) -> None:
    plain = {
        re.sub(r"_(low|high)$", "", re.sub(r"_batch_[0-9]+$", "", name))
        for name in harness.results([run]).columns
        if not name.startswith("factor_")
    }
    assert plain == set(COLUMNS)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_is_written_is_read_back(run: Path, kind: str) -> None:
    command = [sys.executable, "-m", "harness", "results", str(run), "--format", kind]
    written = io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)
    back = pandas.read_csv(written) if kind == "csv" else pandas.DataFrame(json.load(written))
    frame = harness.results([run])
    assert list(back.columns) == list(frame.columns)
    assert back["accuracy"].tolist() == pytest.approx(frame["accuracy"].tolist())


def test_what_cannot_be_written_is_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = harness.results([run])
    with pytest.raises(SpecError, match="give csv, json or parquet"):
        write_table(frame, "excel")

    def missing(*_: object, **__: object) -> None:
        raise ImportError("pyarrow")

    monkeypatch.setattr(pandas.DataFrame, "to_parquet", missing)
    with pytest.raises(SpecError, match="needs the package pyarrow"):
        write_table(frame, "parquet")


def test_the_rows_that_are_kept_are_those_that_follow_from_the_results(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two runs with other batch sizes and factors, one of which keeps them: to the last digit, and not computed."""
    other = STUDY.model_copy(
        update={"name": "other", "measure": STUDY.measure.model_copy(update={"batch_sizes": (8,)})}
    )
    (tmp_path / "results.json").write_text(results_of(other).model_dump_json())
    computed = harness.results([tmp_path, run])
    keep_table(tmp_path / "results.json", compare(results_of(other)))
    made = []
    monkeypatch.setattr(frame, "compare", lambda results: made.append(results.study) or compare(results))
    pandas.testing.assert_frame_equal(harness.results([tmp_path, run]), computed)
    assert made == [STUDY.name]
    batches = [int(name.rpartition("_")[2]) for name in computed.columns if name.startswith("speedup_batch_")]
    assert batches == [1, 8, 32]


@pytest.mark.parametrize("change", ["results", "version", "half", "none"])
def test_rows_of_other_results_or_of_older_code_are_not_taken(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, results = tmp_path / "results.json", results_of(STUDY)
    file.write_text(results.model_dump_json())
    keep_table(file, compare(results))
    beside = tmp_path / kept.KEPT_FILE
    assert kept.read(file) is not None
    if change == "results":
        file.write_text(results.model_copy(update={"study": "another"}).model_dump_json())
    elif change == "version":
        monkeypatch.setattr(kept, "VERSION", kept.VERSION + 1)
    elif change == "half":
        beside.write_bytes(beside.read_bytes()[:-100])
    else:
        beside.unlink()
    assert kept.read(file) is None
    assert set(harness.results([tmp_path])["study"]) == {"another" if change == "results" else STUDY.name}
