"""What `harness prune` writes: the model, its plan, a report and a picture, or nothing at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from harness.prune.files import plan_path, report_path
from harness.records import ChannelPlan, PruneFile
from tests.prune.command.running import Captured, run
from tests.prune.nets import randomised, with_lambda


def test_writes_the_model_its_plan_a_report_and_a_picture(saved: Path, capsys: Captured) -> None:
    before = saved.read_bytes()
    code, out, err = run(capsys, "prune", saved, "--ratio", 0.5)
    assert (code, err) == (0, "")
    pruned = saved.with_name("my net-pruned.keras")
    assert keras.models.load_model(pruned).get_layer("conv_a").filters == 4
    assert ChannelPlan.model_validate_json(plan_path(pruned).read_text()).channels["conv_a"] == 8
    about = PruneFile.model_validate_json(report_path(pruned).read_text())
    assert about.source == "my net.keras"
    assert about.proof.holds
    assert pruned.with_suffix(".layers.svg").read_text().startswith("<svg")
    assert "8 → 4" in out
    assert "pinned: out (the model's output)" in out
    assert "\nproved: " in out
    assert str(pruned) in out
    assert saved.read_bytes() == before
    assert sorted(path.name for path in saved.parent.iterdir()) == [
        "my net-pruned.keras", "my net-pruned.layers.svg", "my net-pruned.plan.json", "my net-pruned.report.json",
        "my net.keras",
    ]  # fmt: skip


def test_options_reach_the_plan(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    arguments = ["prune", saved, "--ratio", 0.5, "--importance", "fpgm", "--round-to", 3, "--keep", "conv_b"]
    code, out, _ = run(capsys, *arguments, "--keep", "bn", "--global", "-o", tmp_path / "new" / "p.keras", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["files"][0] == str(tmp_path / "new" / "p.keras")
    spec = answer["spec"]
    assert (spec["importance"], spec["round_to"], spec["keep"]) == ("fpgm", 3, ["conv_b", "bn"])
    assert spec["global_ranking"] is True
    after = {layer["layer"]: layer["channels_after"] for layer in answer["report"]["layers"]}
    assert (after["conv_a"], after["conv_b"]) == (8, 6)
    assert after["hidden"] < 10


def test_the_pruned_file_needs_only_keras_and_trains_on(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """In a process where harness can't be imported, with Keras's safe mode on."""
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    code = """
import sys
sys.modules["harness"] = None
import keras, numpy as np
model = keras.models.load_model(sys.argv[1], safe_mode=True)
model.compile("sgd", "sparse_categorical_crossentropy")
images = np.random.default_rng(0).random((16, 12, 12, 3), np.float32)
loss = model.fit(images, np.arange(16) % 5, epochs=2, verbose=0).history["loss"]
assert np.isfinite(loss).all() and len(loss) == 2
print(model.get_layer("conv_a").filters)
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "p.keras")]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "4"), done.stderr


def test_a_lambda_runs_where_that_is_asked_for_and_keeps_its_channels(tmp_path: Path, capsys: Captured) -> None:
    randomised(with_lambda()).save(tmp_path / "net.keras")
    arguments = ["prune", tmp_path / "net.keras", "--ratio", 0.5, "--unsafe"]
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "(Lambda) has no rule" in out


def test_a_full_disk_leaves_what_was_there(
    saved: Path, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old files stay as they were, and nothing half-written stays beside them."""
    pruned = tmp_path / "p.keras"
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", pruned)
    before = {path: path.read_bytes() for path in tmp_path.glob("p.*")}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(pruned))

    monkeypatch.setattr(keras.Model, "save", full)
    code, _, err = run(capsys, "prune", saved, "--ratio", 0.25, "-o", pruned)
    assert code == 2
    assert "no space left on device; free some space" in err
    assert {path: path.read_bytes() for path in tmp_path.glob("p.*")} == before
    assert not list(tmp_path.glob(".*"))
