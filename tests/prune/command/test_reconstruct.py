"""`harness prune --reconstruct`: kernels solved again, with labels and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from harness.prune.files import report_path
from harness.records import PruneFile
from tests.prune.command.running import Captured, check, run


def folder_of_images(folder: Path, count: int, size: tuple[int, int] = (12, 12)) -> str:
    """So many images in one folder, no classes among them."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 255, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return f"images:{folder}"


def test_every_step_is_told_beside_what_random_channels_come_to(
    saved: Path, capsys: Captured, digits: str, tmp_path: Path
) -> None:
    output = tmp_path / "p.keras"
    options = ["--data", digits, "--reconstruct", "--reconstruct-images", 100, "-o", output]
    code, out, err = run(capsys, "prune", saved, "--ratio", 0.5, *options)
    assert (code, err) == (0, "")
    assert "reconstructed from 100 images: " in out
    told = [line.split("%  ")[1] for line in out.splitlines() if "%  " in line]
    assert told == [
        "original", "original, recalibrated", "pruned", "pruned, recalibrated", "pruned, reconstructed",
        "baseline: random channels of the same widths, reconstructed",
    ]  # fmt: skip
    about = PruneFile.model_validate_json(report_path(output).read_text())
    recovery = about.recovery
    assert recovery is not None
    assert recovery.reconstruction is not None
    assert recovery.reconstruction.images == 100
    assert recovery.reconstruction.after < recovery.reconstruction.before
    assert [layer.layer for layer in recovery.reconstruction.solved] == ["conv_b", "hidden", "out"]
    assert None not in (recovery.reconstructed, recovery.random_reconstructed, recovery.recalibrated)
    assert recovery.tuned is recovery.schedule is None
    assert about.spec is not None
    assert about.spec.label == "50 %, reconstructed from 100"
    assert check(capsys, saved, output)[0] == 2, "its weights are not the original's any more"


def test_it_comes_before_fine_tuning_and_in_every_step(
    saved: Path, capsys: Captured, digits: str, tmp_path: Path
) -> None:
    options = ["--data", digits, "--reconstruct", "--steps", 2, "--finetune-epochs", 1]
    code, out, err = run(capsys, "prune", saved, "--ratio", 0.5, *options, "-o", tmp_path / "p.keras")
    assert (code, err) == (0, "")
    tuned = "reconstructed and fine-tuned for 2 epochs by cosine decay"
    for line in (
        "%  pruned, reconstructed\n", f"%  {tuned}\n",
        "%  baseline: random channels of the same widths, reconstructed\n",
        f"%  baseline: random channels of the same widths, {tuned}\n",
        "%  baseline: the same widths from new weights", "%  baseline: the original, trained for 2 epochs more",
    ):  # fmt: skip
        assert line in out
    recovery = PruneFile.model_validate_json(report_path(tmp_path / "p.keras").read_text()).recovery
    assert recovery is not None
    assert recovery.schedule == "cosine"


def test_another_schedule_can_be_asked_for(saved: Path, capsys: Captured, digits: str, tmp_path: Path) -> None:
    """After reconstruction it is a cosine by default, else constant."""
    options = ["--data", digits, "--finetune-epochs", 1, "--no-baselines", "-o", tmp_path / "p.keras"]
    for more, line in (
        (["--reconstruct", "--finetune-schedule", "constant"], "%  reconstructed and fine-tuned for 1 epoch\n"),
        (["--finetune-schedule", "cosine"], "%  fine-tuned for 1 epoch by cosine decay\n"),
        ([], "%  fine-tuned for 1 epoch\n"),
    ):
        code, out, _ = run(capsys, "prune", saved, "--ratio", 0.5, *options, *more)
        assert code == 0
        assert line in out


def test_steps_need_no_labels_where_they_are_reconstructed(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """A folder of images alone: what is told is how near the outputs come."""
    data = folder_of_images(tmp_path / "images" / "all", 60)
    output = tmp_path / "p.keras"
    options = ["--data", data, "--reconstruct", "--steps", 2, "--importance", "activation"]
    code, out, err = run(capsys, "prune", saved, "--ratio", 0.5, *options, "-o", output, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["no_accuracy"] == "the data has no labels"
    assert told["recovery"] is None
    assert told["reconstruction"]["images"] == 60
    assert told["reconstruction"]["after"] < told["reconstruction"]["before"]
    assert check(capsys, saved, output)[0] == 2
    plain = tmp_path / "plain.keras"
    run(capsys, "prune", saved, "--plan", output.with_suffix(".plan.json"), "-o", plain)
    ours, theirs = keras.models.load_model(output), keras.models.load_model(plain)
    assert not np.allclose(ours.get_layer("hidden").kernel, theirs.get_layer("hidden").kernel)


def test_a_plan_can_be_replayed_and_reconstructed(saved: Path, capsys: Captured, digits: str, tmp_path: Path) -> None:
    first, again = tmp_path / "first.keras", tmp_path / "again.keras"
    reconstruct = ["--data", digits, "--reconstruct", "--no-baselines"]
    run(capsys, "prune", saved, "--ratio", 0.5, *reconstruct, "-o", first)
    code, out, _ = run(capsys, "prune", saved, "--plan", first.with_suffix(".plan.json"), *reconstruct, "-o", again)
    assert code == 0
    assert "baseline" not in out
    ours, theirs = (keras.models.load_model(path).get_weights() for path in (first, again))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_reconstruction_nothing_of_it_is_in_the_answer(
    saved: Path, capsys: Captured, digits: str, tmp_path: Path
) -> None:
    options = ["--data", digits, "--finetune-epochs", 1, "--no-baselines", "--json", "-o", tmp_path / "p.keras"]
    code, out, _ = run(capsys, "prune", saved, "--ratio", 0.5, *options)
    assert code == 0
    told = json.loads(out)
    assert "reconstruction" not in told
    assert not {"reconstructed", "random_reconstructed", "reconstruction"} & told["recovery"].keys()
    assert not {"recover", "reconstruct_images", "finetune_schedule"} & told["spec"].keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--reconstruct"], "--reconstruct: needs examples; give --data NAME"),
        (
            ["--reconstruct", "--data", "{digits}", "--reconstruct-images", "1"],
            "--reconstruct-images 1: give 2 or more",
        ),
        (["--data", "{digits}", "--reconstruct-images", "9"], "for --reconstruct, which is missing"),
        (["--data", "{digits}", "--finetune-schedule", "cosine"], "give --finetune-epochs"),
        (
            ["--data", "{digits}", "--finetune-epochs", "1", "--finetune-schedule", "sine"],
            "finetune_schedule = 'sine': input should be 'constant' or 'cosine'",
        ),
        (["--reconstruct", "--data", "{other}"], "don't fit the model's inputs (None, 12, 12, 3)"),
        (["--reconstruct", "--data", "{nan}"], "image 3 has a NaN or infinite pixel"),
        (["--reconstruct", "--data", "{empty}"], "no images (.bmp, .gif, .jpeg, .jpg, .png); add some"),
        (["--reconstruct", "--data", "images:none"], "no such folder"),
        (["--reconstruct", "--data", "{one}"], "1 examples; give two or more"),
        (["--data", "{flat}"], "has 0 class folders; it needs one folder for each of at least two classes"),
        (["--reconstruct", "--data", "{flat}", "--limit", "9"], "data.limit = 9 but"),
        (["--reconstruct", "--data", "{flat}", "--finetune-epochs", "1"], "--finetune-epochs: the data has no labels"),
        (["--reconstruct", "--data", "{flat}", "--importance", "taylor"], "importance 'taylor' needs labels"),
    ],
)
def test_what_can_not_work_is_one_line_and_leaves_nothing(
    options: list[str], message: str, saved: Path, digits: str, tmp_path: Path, capsys: Captured
) -> None:
    images = np.zeros((40, 12, 12, 3), np.float32)
    images[3, 2, 1, 0] = np.nan
    np.savez(tmp_path / "nan.npz", images=images, labels=np.arange(40) % 5)
    (tmp_path / "empty").mkdir()
    given: dict[str, Any] = {
        "digits": digits,
        "other": folder_of_images(tmp_path / "other", 4, (9, 9)),
        "nan": f"npz:{tmp_path / 'nan.npz'}",
        "empty": f"images:{tmp_path / 'empty'}",
        "one": folder_of_images(tmp_path / "one", 1),
        "flat": folder_of_images(tmp_path / "flat", 4),
    }
    output = tmp_path / "made" / "p.keras"
    code, out, err = run(
        capsys, "prune", saved, "--ratio", 0.5, *(each.format(**given) for each in options), "-o", output
    )
    assert code == 2, err
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    assert not output.parent.exists()
