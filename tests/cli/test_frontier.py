"""`harness frontier`: the walk on a small network of one's own, and what is wrong in one line."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from harness.measure.latency import profiling
from harness.prune.speed import trial
from tests.cli.test_app import in_process

L = keras.layers


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trained on stripes, beside them as `stripes.npz`. Tables are short; a busy machine's tries count as they are."""
    labels = np.arange(240) % 3
    images = np.random.default_rng(0).uniform(0, 0.5, (240, 9, 9)).astype(np.float32)
    for label in range(3):
        images[labels == label, 3 * label] += 0.5
    np.savez(tmp_path / "stripes.npz", images=images, labels=labels)
    keras.utils.set_random_seed(0)
    body = [
        L.Conv2D(48, 3, activation="relu", name="conv"),
        L.Conv2D(48, 3, activation="relu", name="conv2d"),
        L.Flatten(),
    ]
    model = keras.Sequential([keras.Input((9, 9, 1)), *body, L.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    model.fit(images[..., None], labels, epochs=4, verbose=0)
    model.save(tmp_path / "net.keras")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profiling, "FEWEST_DESIGNS", 5)
    monkeypatch.setattr(profiling, "BUDGET_S", 0.2)
    monkeypatch.setattr(trial, "_met", lambda asked, reached: True)
    return tmp_path / "net.keras"


def test_a_walk_says_what_every_dot_is(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", "npz:stripes.npz", "--scale", "raw", "--targets", "1.3", "--batch", "1", "--device", "cpu"]
    asked = [*words, "--epochs", "0", "--uniform", "0.5", "--budget", "2", "--json"]
    code, stdout, stderr = in_process(capsys, "frontier", "net.keras", *asked)
    assert code == 0, stderr
    told = json.loads(stdout)
    dots = {dot["variant"]: dot for dot in told["dots"]}
    assert len(dots) == 5
    chosen = dots["latency-chosen for 1.3×"]
    random = dots["latency-chosen for 1.3× (random channels)"]
    assert chosen["command"].startswith("harness prune net.keras --speedup 1.3 --batch 1 --device cpu")
    assert min(chosen["widths"]["conv"], chosen["widths"]["conv2d"]) < 48
    assert random["widths"] == chosen["widths"]
    uniform = dots["uniform, as fast as for 1.3×"]
    assert 0 < uniform["widths"]["conv"] == uniform["widths"]["conv2d"] < 48
    assert uniform["command"].startswith("harness prune net.keras --ratio 0.")
    assert all(0 <= dot["loss_p"] <= 1 and dot["speedups"]["1"] for dot in (chosen, random))
    run = Path("runs/net-frontier")
    assert {path.name for path in run.glob("charts/*.png")} >= {"gains.png", "frontier.png"}
    assert len(list(run.glob("models/*.onnx"))) == 5
    assert any(finding["title"] == "Widths chosen by latency" for finding in told["findings"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["net.pt", "--data", "mnist5k"], "net.pt: neither a .keras nor an .onnx file; give a trained network"),
        (["net.onnx", "--data", "mnist5k"], "net.onnx: can't be read"),
        (["net.onnx", "--data", "mnist5k", "--epochs", "1"], "--epochs: for Keras models alone"),
        (["net.keras"], "net.keras: what is it trained on? give --data mnist5k"),
        (["none.keras", "--data", "mnist5k"], "none.keras: no such file"),
        (["net.keras", "--data", "mnist5k", "--targets", "2,x"], "--targets 2,x: not numbers"),
        (["net.keras", "--data", "mnist5k", "--targets", "1"], "targets.0 = 1.0: input should be greater than 1"),
        (["net.keras", "--data", "mnist5k", "--targets", "2,2"], "targets: give each once"),
        (["net.keras", "--data", "mnist5k", "--batch", "1,1"], "batch_sizes: give each once"),
        (["net.keras", "--data", "mnist5k", "--epochs", "-1"], "epochs = -1"),
        (["net.keras", "--data", "mnist5k", "--uniform", "1"], "uniform.0 = 1.0: input should be less than 1"),
        (["net.keras", "--data", "mnist5k", "--importance", "l9"], "importance = 'l9'"),
    ],
)
def test_what_is_wrong_is_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = in_process(capsys, "frontier", *words)
    assert code == 2
    assert said in stderr
    assert len(stderr.strip().splitlines()) == 1
    assert stdout == ""
