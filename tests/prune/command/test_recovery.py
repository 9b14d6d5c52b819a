"""`harness prune --data`: ranking, recalibration and fine-tuning, and accuracies beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from harness.prune.files import report_path
from harness.records import PruneFile
from tests.prune.command.running import Captured, check, run
from tests.prune.nets import randomised

L = keras.layers


def test_accuracy_is_told_at_every_step_with_three_baselines(
    saved: Path, capsys: Captured, digits: str, tmp_path: Path
) -> None:
    arguments = ["prune", saved, "--ratio", 0.5, "--importance", "taylor", "--data", digits, "--finetune-epochs", 1]
    code, out, err = run(capsys, *arguments, "--distill", "--steps", 2, "-o", tmp_path / "p.keras")
    assert (code, err) == (0, "")
    for line in (
        "original", "original, recalibrated", "pruned, recalibrated",
        "fine-tuned for 2 epochs, distilled from the original",
        "random channels of the same widths", "the same widths from new weights", "the original, trained for 2 epochs",
    ):  # fmt: skip
        assert line in out
    about = PruneFile.model_validate_json(report_path(tmp_path / "p.keras").read_text())
    assert about.recovery is not None
    assert None not in about.recovery.model_dump().values()
    assert "step 2, random weights" in about.proof.trials
    assert not keras.models.load_model(tmp_path / "p.keras").compiled


def test_recalibration_alone_trains_nothing_and_has_no_baselines(
    saved: Path, capsys: Captured, digits: str, tmp_path: Path
) -> None:
    """Means and variances are measured again; the kernels stay the original's."""
    plain, measured = tmp_path / "plain.keras", tmp_path / "measured.keras"
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", plain)
    code, out, err = run(capsys, "prune", saved, "--ratio", 0.5, "--data", digits, "--recalibrate", "-o", measured)
    assert (code, err) == (0, "")
    assert "%  original, recalibrated\n" in out
    assert "%  pruned, recalibrated\n" in out
    assert "fine-tuned" not in out
    assert "baseline" not in out
    before, after = keras.models.load_model(plain), keras.models.load_model(measured)
    for layer in ("conv_a", "conv_b", "hidden", "out"):
        np.testing.assert_array_equal(before.get_layer(layer).kernel, after.get_layer(layer).kernel)
    assert not np.allclose(before.get_layer("bn").moving_mean, after.get_layer("bn").moving_mean)
    assert not np.allclose(before.get_layer("bn").moving_variance, after.get_layer("bn").moving_variance)


def test_options_reach_the_training(
    saved: Path, capsys: Captured, digits: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fit, the fine-tuning's and the baselines', is told as asked; it is watched, and runs."""
    fits = []
    fit = keras.Model.fit

    def watched(self: keras.Model, x: Any, *args: Any, **options: Any) -> Any:
        rate, optimizer = round(float(self.optimizer.learning_rate), 6), type(self.optimizer).__name__
        fits.append((options["epochs"], options["batch_size"], rate, optimizer, float(np.max(x)) > 1))
        return fit(self, x, *args, **options)

    monkeypatch.setattr(keras.Model, "fit", watched)
    arguments = ["prune", saved, "--ratio", 0.5, "--data", digits, "--scale", "raw", "--finetune-epochs", 1]
    training = ["--learning-rate", 0.0002, "--batch-size", 40, "--optimizer", "muon", "--scratch-epochs", 3]
    training += ["-o", tmp_path / "p.keras"]
    code, out, err = run(capsys, *arguments, *training)
    assert (code, err) == (0, "")
    once, longer = (1, 40, 0.0002, "Muon", True), (3, 40, 0.0002, "Muon", True)
    assert fits == [once, once, longer, once]
    assert "the same widths from new weights, trained for 3 epochs" in out


def test_data_alone_judges_and_trains_nothing(saved: Path, capsys: Captured, digits: str, tmp_path: Path) -> None:
    pruned = tmp_path / "p.keras"
    code, out, _ = run(capsys, "prune", saved, "--ratio", 0.5, "--importance", "apoz", "--data", digits, "-o", pruned)
    assert code == 0
    assert "accuracy on 40 test examples" in out
    assert check(capsys, saved, pruned)[0] == 0


def with_two_heads() -> keras.Model:
    image = keras.Input((12, 12, 3))
    x = L.GlobalAveragePooling2D()(L.BatchNormalization()(L.Conv2D(8, 3, name="conv")(image)))
    return keras.Model(image, [L.Dense(5, activation="softmax")(x), L.Dense(2)(x)])


def autoencoder() -> keras.Model:
    image = keras.Input((12, 12, 3))
    x = L.BatchNormalization()(L.Conv2D(8, 1, name="conv")(image))
    return keras.Model(image, L.Conv2D(3, 3, padding="same")(x))


def with_two_inputs() -> keras.Model:
    image, number = keras.Input((12, 12, 3)), keras.Input((4,))
    x = L.Concatenate(name="met")([L.Flatten()(L.Conv2D(4, 3, name="conv")(image)), number])
    return keras.Model([image, number], L.Dense(2)(L.Dense(8)(x)))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (with_two_heads, "no accuracy told: the model has 2 outputs, and the data one label an example"),
        (autoencoder, "no accuracy told: the labels are no class numbers for an output of shape (None, 12, 12, 3)"),
    ],
)
def test_data_rank_and_recalibrate_what_is_no_classifier(
    make: Any, why: str, tmp_path: Path, capsys: Captured, digits: str
) -> None:
    """No accuracy is told, and why not; only what needs a classifier is refused."""
    net, pruned = tmp_path / "net.keras", tmp_path / "p.keras"
    randomised(make()).save(net)
    arguments = ["prune", net, "--ratio", 0.5, "--data", digits, "-o", pruned]
    code, out, _ = run(capsys, *arguments, "--importance", "activation")
    assert (code, why in out) == (0, True)
    assert check(capsys, net, pruned)[0] == 0
    assert run(capsys, *arguments, "--recalibrate")[0] == 0
    code, out = check(capsys, net, pruned)
    assert (code, "can't tell" in out) == (2, True)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (with_two_heads, ["--finetune-epochs", "1"], "--finetune-epochs: the model has 2 outputs"),
        (with_two_heads, ["--importance", "taylor"], "needs labels for each of the 2 outputs"),
        (
            with_two_inputs,
            ["--importance", "apoz"],
            "the model has 2 inputs and the data 1 array of examples; in",
        ),
    ],
)
def test_what_is_missing_is_what_the_option_needs(
    make: Any, options: list[str], message: str, tmp_path: Path, capsys: Captured, digits: str
) -> None:
    make().save(tmp_path / "net.keras")
    code, _, err = run(capsys, "prune", tmp_path / "net.keras", "--ratio", 0.5, "--data", digits, *options)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err


def test_an_unbuilt_model_with_data(capsys: Captured, digits: str, tmp_path: Path) -> None:
    keras.Sequential([L.Dense(8), L.Dense(2)]).save(tmp_path / "net.keras")
    code, _, err = run(capsys, "prune", tmp_path / "net.keras", "--ratio", 0.5, "--data", digits)
    assert (code, err.count("\n")) == (2, 1)
    assert "is not built; give it an Input layer" in err


def test_labels_of_classes_that_the_model_does_not_have(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    images = np.zeros((60, 12, 12, 3), np.uint8)
    np.savez(tmp_path / "d.npz", images=images, labels=np.arange(60) % 6)
    code, _, err = run(capsys, "prune", saved, "--ratio", 0.5, "--data", f"npz:{tmp_path / 'd.npz'}")
    assert code == 2
    assert "the labels go from 0 to 5, the model has 5 classes" in err
