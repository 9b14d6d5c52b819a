"""`harness bundle` and `harness validate` on the command line: exit codes, files, and one line for what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import typer.main

import harness
from harness.cli.app import app
from harness.measure.runtime.usable import usable_device
from harness.spec import BOUNDS, gates_of
from tests.cli.test_app import in_process
from tests.deploy.bundles import bundled, examples, reseal
from tests.onnx_files import cnn


def test_a_file_is_bundled_measured_and_validated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = cnn(tmp_path / "net.onnx"), examples(tmp_path)
    folder = tmp_path / "shipped"
    asked = (
        "bundle",
        str(model),
        "--data",
        data,
        "-o",
        str(folder),
        "--device",
        "cpu",
        "--budget",
        "1",
        "--json",
        "-q",
    )
    code, out, err = in_process(capsys, *asked)
    assert (code, err) == (0, "")
    manifest = json.loads(out)["manifest"]
    assert manifest["latency"][0]["median_us"] > 0
    assert manifest["accuracy"]["answers"]["device"] == "cpu"
    code, out, err = in_process(capsys, "validate", str(folder), "--json", "-q")
    assert (code, err) == (0, "")
    assert json.loads(out)["decision"] == "pass"


def test_gates_come_from_a_file_and_the_findings_go_into_files(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gates, junit, page = tmp_path / "gates.toml", tmp_path / "out" / "gates.xml", tmp_path / "out" / "gates.md"
    gates.write_text("max_size_mb = 0.001\n")
    files = ("--gates", str(gates), "--junit", str(junit), "--markdown", str(page))
    code, out, _ = in_process(capsys, "validate", str(bundle), *files)
    assert code == 1
    assert out.splitlines()[-1] == "small: don't ship: max_size_mb"
    assert ElementTree.parse(junit).getroot().get("failures") == "1"
    assert "| fail | max_size_mb |" in page.read_text()


def test_a_damaged_bundle_is_no_and_its_findings_are_written(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle / "README.md").write_text("another")
    code, out, _ = in_process(capsys, "validate", str(bundle), "--junit", str(tmp_path / "gates.xml"))
    assert code == 1
    assert "README.md" in out
    assert ElementTree.parse(tmp_path / "gates.xml").getroot().get("failures") == "1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--min-accuracy", "0.9"), "give --data"),
        (("--min-speedup", "1.5"), "give --against"),
        (("--min-accuracy", "much"), "--min-accuracy much: not a number"),
        (("--min-accuracy", "90"), "min_accuracy = 90.0: input should be less than or equal to 1"),
        (("--device", "cuda"), "is for cpu, not for cuda"),
        (("--device", "tpu"), "device = 'tpu'"),
        (("--gates", "nowhere.toml"), "no such gates"),
        (("--against", "nowhere", "--min-speedup", "1"), "nowhere: no such file or directory"),
        (("--data", "nowhere", "--min-accuracy", "0.5"), "'nowhere' is unknown"),
        (("--batch", "many"), "not whole numbers"),
    ],
)
def test_what_can_not_be_asked_is_one_line_and_nothing_is_written(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    files = ("--junit", str(tmp_path / "gates.xml"), "--markdown", str(tmp_path / "gates.md"))
    code, out, err = in_process(capsys, "validate", str(bundle), *arguments, *files, "-q")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "gates.xml").exists()
    assert not (tmp_path / "gates.md").exists()


def wrong(kind: str, bundle: Path, folder: Path) -> list[str]:
    """Words of `harness validate` with one thing wrong, and its files in `folder`."""
    if kind in ("another device", "no such provider"):
        reseal(bundle, lambda values: values.update(device="cuda"))
        return ["--device", "cpu"] if kind == "another device" else []
    if kind == "no labels":
        np.savez(folder / "bare.npz", images=np.zeros((10, 8, 8), np.uint8))
        return ["--data", f"npz:{folder / 'bare.npz'}", "--min-accuracy", "0.5"]
    if kind == "contradiction":
        (folder / "gates.toml").write_text("max_latency_us = 200\n")
        return ["--gates", str(folder / "gates.toml"), "--max-latency-us", "100"]
    if kind == "other inputs":
        other = bundled(folder, cnn(folder / "fixed.onnx", batch=4))
        return ["--against", str(other), "--min-speedup", "1"]
    if kind == "in the bundle":
        return ["--markdown", str(bundle / "gates.md")]
    return ["--min-speedup", "1.5", "--max-size-mb", "9"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("another device", "is for cuda, not for cpu; bundle a run that was measured on cpu, or leave --device out"),
        (
            "no such provider",
            "; the bundle is for cuda: see `harness doctor`, or bundle a run that was measured where this",
        ),
        ("no labels", "bare.npz: has images; it needs images and labels"),
        ("contradiction", "max_latency_us = 200 contradicts 100.0 on the command line; leave one out"),
        ("other inputs", "its inputs are 4x1x8x8:float32, the bundle's ?x1x8x8:float32; give the bundle of what"),
        ("no evidence", "min_speedup: nothing to compare with; give --against with the baseline's bundle"),
        ("in the bundle", "which must stay as it is; give another path"),
    ],
)
def test_what_can_not_be_decided_here_is_one_line_and_nothing_is_written(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, message: str
) -> None:
    """Of the whole folder nothing changes, neither the bundle nor what stands beside it."""
    if kind == "no such provider" and usable_device("auto") != "cpu":
        pytest.skip("CUDA runs here")
    (tmp_path / "given").mkdir()
    words = wrong(kind, bundle, tmp_path / "given")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    files = ("--junit", str(tmp_path / "gates.xml"), "--quiet")
    code, out, err = in_process(capsys, "validate", str(bundle), *words, *files)
    assert (code, out) == (2, "")
    assert err.startswith("harness: ")
    assert message in err
    assert err.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("net.onnx",), "what is it for? give --data"),
        (("net.onnx", "50 %", "--data", "mnist5k"), "an ONNX file has no variants"),
        (("gone.onnx", "--data", "mnist5k"), "gone.onnx: can't be read"),
        (("net.onnx", "--data", "mnist5k", "--budget", "-1"), "budget_s = -1.0"),
        (("net.onnx", "--data", "mnist5k"), "takes image:"),
        (("runs",), "which variant?"),
        (("runs", "50 %"), "no such results"),
        (("runs", "50 %", "--data", "mnist5k"), "--data: for an ONNX file"),
    ],
)
def test_what_can_not_be_bundled_is_one_line_and_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    cnn(tmp_path / "net.onnx")
    code, out, err = in_process(capsys, "bundle", *arguments, "-o", "shipped", "-q")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_an_older_manifest_can_not_be_asked(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reseal(bundle, lambda values: values.update(schema_version="harness-bundle/0"))
    code, out, err = in_process(capsys, "validate", str(bundle), "-q")
    assert (code, out) == (2, "")
    assert "of another version" in err


def test_the_page_on_shipping_names_options_that_there_are() -> None:
    text = (Path(harness.__file__).parents[1] / "docs" / "deploy.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    has = {option for name in ("bundle", "validate") for one in commands[name].params for option in one.opts}
    assert named <= has
    assert {f"--{name.replace('_', '-')}" for name in BOUNDS} <= named


def test_the_gates_file_of_that_page_can_be_used(tmp_path: Path) -> None:
    text = (Path(harness.__file__).parents[1] / "docs" / "deploy.md").read_text(encoding="utf-8")
    (tmp_path / "gates.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    assert len(gates_of(tmp_path / "gates.toml", {}).bounds) == 4


def test_a_place_that_is_taken_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the name was not given."""

    def worked(*_: object, **__: object) -> None:
        raise AssertionError("the work began")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.deploy.source.from_file.evidence_of_file", worked)
    cnn(tmp_path / "net.onnx")
    (tmp_path / "net-bundle").mkdir()
    (tmp_path / "net-bundle" / "notes.txt").write_text("mine")
    code, out, err = in_process(capsys, "bundle", "net.onnx", "--data", "mnist5k", "-q")
    assert (code, out) == (2, "")
    assert err == "harness: net-bundle: holds something that is no bundle; give another folder with -o\n"
