"""`harness measure`: stdout carries the answer, stderr the rest, the exit code how it went."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from harness.cli.app import main
from harness.measure.measurement import Measurement
from tests.measurements import measurement
from tests.onnx_files import FLOAT, cnn, listener, save, tensor

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command line; gives (exit code, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["harness", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capfd.readouterr()

    return run


BRIEF = ("--budget", "0.1", "--device", "cpu")


def test_json_is_all_there_is_on_stdout(harness: Command, tmp_path: Path) -> None:
    """With the files that were asked for beside it."""
    paths = [cnn(tmp_path / "a.onnx"), cnn(tmp_path / "b.onnx", 16)]
    out, benchmarks = tmp_path / "out.json", tmp_path / "sub" / "benchmark.json"
    code, stdout, _ = harness(
        "measure", *paths, *BRIEF, "--json", "--margin", "1%", "--out", out, "--benchmark-json", benchmarks
    )
    answer = json.loads(stdout)
    assert code == 0
    assert answer["schema"] == "harness-measure/1"
    assert [(row["path"], row["batch"]) for row in answer["models"]] == [
        (str(path), batch) for path in paths for batch in (1, 32)
    ]
    assert answer["models"][0]["median_us"] > 0
    assert answer["spec"]["margin"] == 0.01
    assert len(answer["comparisons"]) == len(answer["control"]["comparisons"]) == 2
    assert Measurement.model_validate_json(out.read_text()).models[1].path == str(paths[1])
    assert len(json.loads(benchmarks.read_text())["benchmarks"]) == 4


def test_tables_are_for_people_and_a_failed_row_exits_with_1(harness: Command, tmp_path: Path) -> None:
    code, stdout, _ = harness("measure", cnn(tmp_path / "fixed.onnx", batch=1), *BRIEF)
    assert code == 1
    for part in ("fixed.onnx", "control (a copy)", "invalid", "the model's batch is fixed at 1"):
        assert part in stdout


def test_inputs_are_given_on_the_command_line(harness: Command, tmp_path: Path) -> None:
    """A file, a shape and a value together; JSON says what was fed."""
    np.savez(tmp_path / "in.npz", audio=np.ones((1, 16), np.float32))
    code, stdout, _ = harness(
        "measure", listener(tmp_path / "l.onnx"), *BRIEF, "--batch", "1,2", "--json",
        "--inputs", tmp_path / "in.npz", "--input", "state:2xNx4:float32", "--input", "rate=16000",
    )  # fmt: skip
    answer = json.loads(stdout)
    assert code == 0
    assert [one["invented"] for one in answer["inputs"]] == [False, True, False]
    assert [one["sha256"] is None for one in answer["inputs"]] == [False, True, False]
    assert answer["spec"]["inputs"] == ["state:2xNx4:float32", "rate=16000"]
    assert answer["spec"]["input_data"] == str(tmp_path / "in.npz")
    assert all(row["error"] is None for row in answer["models"])


def wrong(folder: Path, kind: str) -> list[object]:
    """Words of a command line with one thing wrong."""
    good = cnn(folder / "good.onnx")
    if kind == "not onnx":
        (folder / "bad.onnx").write_text("not a model")
        return [folder / "bad.onnx"]
    if kind == "missing":
        return [folder / "nowhere.onnx"]
    relu = helper.make_node("Relu", ["x"], ["y"])
    if kind == "opset":
        return [save(folder / "future.onnx", [relu], [tensor("x", ["N", 3])], [tensor("y", ["N", 3])], opset=999)]
    if kind == "ir":
        model = onnx.load(good)
        model.ir_version = 99
        onnx.save(model, folder / "future.onnx")
        return [good, folder / "future.onnx"]
    if kind == "inputs":
        return [save(folder / "wide.onnx", [relu], [tensor("x", ["N", "W"])], [tensor("y", ["N", "W"])])]
    if kind == "differ":
        return [good, save(folder / "other.onnx", [relu], [tensor("x", ["N", 3], FLOAT)], [tensor("y", ["N", 3])])]
    words: dict[str, list[object]] = {
        "unwritable": ["--out", folder / "good.onnx" / "out.json"],
        "overwrite": ["--benchmark-json", folder / "good.onnx"],
        "zero": ["--budget", 0],
        "threads": ["--threads", 9999],
        "no batch": ["--batch", ""],
        "no mode": ["--mode", ""],
        "negative": ["--budget", -1],
        "mode": ["--mode", "sideways"],
        "out": ["--batch", 0],
        "value": ["--input", "image=text"],
        "malformed": ["--input", "image:3"],
        "no arrays": ["--inputs", folder / "nowhere.npz"],
        "graph": ["--mode", "cuda_graph", "--device", "cpu"],
    }
    return [good, *words[kind]]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("not onnx", "bad.onnx: not an ONNX file; export the model to ONNX first"),
        ("missing", "nowhere.onnx: can't be read (No such file or directory)"),
        ("opset", "future.onnx: onnxruntime can't load it: opset 999 of ai.onnx; this onnxruntime takes up to "),
        ("ir", "future.onnx: onnxruntime can't load it: IR version 99; this onnxruntime takes up to "),
        ("value", "good.onnx: --input image=text is no float32, which the model's image:?x1x8x8:float32 wants"),
        ("malformed", "--input image:3: not name:shape:dtype; write for example"),
        ("no arrays", "nowhere.npz: can't be read (No such file or directory)"),
        ("graph", "mode cuda_graph needs CUDA"),
        ("inputs", "input x:?x?:float32 can't be invented; give --input x:Nx128:float32"),
        ("differ", "other.onnx: its inputs (x:?x3:float32) differ from those of"),
        ("unwritable", "out.json: can't be written ("),
        ("overwrite", "good.onnx: would overwrite the input "),
        ("threads", "threads = 9999: input should be less than or equal to 1024"),
        ("no batch", "--batch: is empty; give a value, or leave it out"),
        ("no mode", "--mode: is empty; give a value, or leave it out"),
        ("zero", "budget_s = 0.0: input should be greater than 0"),
        ("negative", "budget_s = -1.0: input should be greater than 0"),
        ("mode", "modes.0 = 'sideways': input should be 'end_to_end', 'device' or 'cuda_graph'"),
        ("out", "batch_sizes.0 = 0: input should be greater than or equal to 1"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(harness: Command, tmp_path: Path, kind: str, message: str) -> None:
    code, stdout, stderr = harness("measure", *wrong(tmp_path, kind), "--quiet")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("harness: ")
    assert message in stderr
    assert stderr.count("\n") == 1


def test_compare_tells_what_changed_and_exits_with_1_when_slower(harness: Command, tmp_path: Path) -> None:
    before, after, other = (tmp_path / name for name in ("before.json", "after.json", "other.json"))
    before.write_text(measurement((100.0, 50.0)).model_dump_json())
    after.write_text(measurement((100.0, 60.0)).model_dump_json())
    other.write_text(measurement((100.0, 60.0), threads=2).model_dump_json())
    code, stdout, _ = harness("compare", before, after)
    assert code == 1
    assert "slower" in stdout
    code, stdout, _ = harness("compare", before, before, "--json")
    assert (code, json.loads(stdout)["speed"][0]["verdict"]) == (0, "equivalent")
    code, stdout, stderr = harness("compare", before, other)
    assert (code, stdout) == (2, "")
    assert "threads: 1 against 2" in stderr
