"""`harness prune` and `harness verify`, from file to file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import harness
import models
from harness.prune.files import plan_path, report_path
from harness.records import ChannelPlan, PruneFile
from tests.cli.test_app import in_process
from tests.prune.nets import chain, randomised

L = keras.layers
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A network whose path has spaces and Unicode in it."""
    path = tmp_path / "Größe 大" / "my net.keras"
    path.parent.mkdir()
    randomised(chain()).save(path)
    return path


@pytest.fixture
def digits(tmp_path: Path) -> str:
    """A small dataset of 12 x 12 x 3 images: a bright stripe tells the class."""
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 5
    images = generator.integers(0, 80, (200, 12, 12, 3), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 150
    np.savez(tmp_path / "stripes.npz", images=images, labels=labels)
    return f"npz:{tmp_path / 'stripes.npz'}"


def run(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    try:
        return in_process(capsys, *map(str, arguments), "--quiet")
    finally:
        keras.backend.clear_session(free_memory=False)


def check(capsys: Captured, *arguments: object) -> tuple[int, str]:
    """`harness verify`: exit code and stdout."""
    code, out, _ = in_process(capsys, "verify", *map(str, arguments))
    return code, out


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


def test_a_plan_is_replayed_exactly_with_other_weights_too(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """The layers of the other model may have other names, as when the same code builds it again."""
    run(capsys, "prune", saved, "--filters", 2, "--importance", "random", "--seed", 3, "-o", tmp_path / "a.keras")
    other = keras.models.clone_model(chain(), clone_function=renamed)
    randomised(other, seed=9).save(tmp_path / "other.keras")
    replayed = tmp_path / "b.keras"
    code, out, err = run(capsys, "prune", tmp_path / "other.keras", "--plan", tmp_path / "a.plan.json", "-o", replayed)
    assert (code, err) == (0, "")
    assert "proved" in out
    plans = [ChannelPlan.model_validate_json(plan_path(tmp_path / f"{name}.keras").read_text()) for name in "ab"]
    assert plans[0] == plans[1]
    assert check(capsys, tmp_path / "other.keras", replayed)[0] == 0


def renamed(layer: L.Layer) -> L.Layer:
    return type(layer).from_config({**layer.get_config(), "name": f"{layer.name}_again"})


def test_verify_says_yes_no_and_can_not_tell(saved: Path, capsys: Captured, digits: str) -> None:
    """A proof is about the weights too; those of a tuned network are none of the original's."""
    pruned, tuned = saved.with_name("p.keras"), saved.with_name("t.keras")
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", pruned)
    code, out = check(capsys, saved, pruned)
    assert code == 0
    assert "computes what the masked original computes" in out

    arguments = ["prune", saved, "--ratio", 0.5, "-o", tuned, "--data", digits, "--finetune-epochs", 1]
    assert run(capsys, *arguments, "--no-baselines")[0] == 0
    code, out = check(capsys, saved, tuned)
    assert code == 2
    assert "can't tell: the architecture is right, and the weights were trained on" in out
    code, out = check(capsys, saved, tuned, "--architecture", "--json")
    assert code == 0
    assert json.loads(out)["holds"] is True

    report_path(tuned).unlink()
    code, out = check(capsys, saved, tuned)
    assert code == 1
    assert "the weights are not the original's" in out


def test_verify_says_no_to_a_network_that_is_wrong(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """Two channels of a hidden layer in each other's place; another network altogether."""
    pruned = tmp_path / "p.keras"
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", pruned)
    model = keras.models.load_model(pruned)
    kernel = model.get_layer("hidden").kernel
    kernel.assign(np.asarray(kernel)[::-1])
    model.save(pruned)
    code, out = check(capsys, saved, pruned)
    assert code == 1
    assert "the weights are not the original's" in out
    code, out = check(capsys, saved, saved, "--plan", plan_path(pruned))
    assert code == 1
    assert "not what the plan leaves" in out


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
        rate = round(float(self.optimizer.learning_rate), 6)
        fits.append((options["epochs"], options["batch_size"], rate, float(np.max(x)) > 1))
        return fit(self, x, *args, **options)

    monkeypatch.setattr(keras.Model, "fit", watched)
    arguments = ["prune", saved, "--ratio", 0.5, "--data", digits, "--scale", "raw", "--finetune-epochs", 1]
    training = ["--learning-rate", 0.0002, "--batch-size", 40, "--scratch-epochs", 3, "-o", tmp_path / "p.keras"]
    code, out, err = run(capsys, *arguments, *training)
    assert (code, err) == (0, "")
    once, longer = (1, 40, 0.0002, True), (3, 40, 0.0002, True)
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


def with_lambda() -> keras.Model:
    return keras.Sequential(
        [keras.Input((6, 6, 3)), L.Conv2D(4, 3), L.Lambda(lambda x: 2 * x), L.Conv2D(4, 3), L.Flatten(), L.Dense(2)]
    )


def with_nan() -> keras.Model:
    model = chain()
    model.get_layer("hidden").bias.assign(np.full(10, np.nan))
    return model


def all_normalised() -> keras.Model:
    image = keras.Input((6, 6, 3))
    return keras.Model(image, L.Dense(2, name="out")(L.Flatten()(L.LayerNormalization()(L.Conv2D(4, 3)(image)))))


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (chain, ["--ratio", "1.0"], "ratio = 1.0: input should be less than 1"),
        (chain, ["--ratio", "-0.1"], "ratio = -0.1: input should be greater than or equal to 0"),
        (chain, ["--ratio", "nan"], "ratio = nan"),
        (chain, [], "give --ratio, --filters or --plan"),
        (chain, ["--ratio", "0.5", "--filters", "2"], "exactly one of ratio, filters"),
        (chain, ["--ratio", "0.01"], "removes no channel at all; ask for more"),
        (chain, ["--filters", "99"], "filters = 99 leaves nothing of 'conv_a'"),
        (chain, ["--ratio", "0.5", "--importance", "l7"], "importance = 'l7': input should be 'l1', 'l2'"),
        (chain, ["--ratio", "0.5", "--importance", "taylor"], "looks at data; give it, as data=images or --data NAME"),
        (chain, ["--ratio", "0.5", "--keep", "conv_c"], "there is no layer 'conv_c'; did you mean conv_b or conv_a?"),
        (chain, ["--ratio", "0.5", "--finetune-epochs", "1"], "need examples; give --data NAME"),
        (chain, ["--ratio", "0.5", "--seed", "-1"], "--seed -1: give a whole number from 0"),
        (chain, ["--ratio", "0.5", "--round-to", "0"], "round_to = 0: input should be greater than or equal to 1"),
        (chain, ["--ratio", "0.5", "--distill"], "give --finetune-epochs"),
        (chain, ["--ratio", "0.5", "--scratch-epochs", "2"], "the baselines go with fine-tuning"),
        (chain, ["--ratio", "0.5", "--learning-rate", "nan"], "learning_rate = nan"),
        (chain, ["--ratio", "0.5", "--batch-size", "0"], "batch_size = 0"),
        (chain, ["--ratio", "0.5", "--steps", "0"], "--steps 0: give 1 or more"),
        (chain, ["--ratio", "0.5", "-o", f"{'a' * 300}.keras"], "can't be written (file name too long)"),
        (chain, ["--ratio", "0.5", "-o", "/proc/none/p.keras"], "can't be written"),
        (chain, ["--ratio", "0.5", "--steps", "2"], "give --ratio and --finetune-epochs"),
        (chain, ["--ratio", "0.5", "--data", "mnist5k"], "don't fit the model's inputs (None, 12, 12, 3)"),
        (chain, ["--ratio", "0.5", "--data", "mnist6k"], "'mnist6k' is unknown"),
        (chain, ["--ratio", "0.5", "-o", "net.keras"], "would overwrite the input net.keras"),
        (chain, ["--ratio", "0.5", "-o", "net.onnx"], "give a file name that ends in .keras"),
        (chain, ["--ratio", "0.5", "-o", "net.keras/p.keras"], "not a directory"),
        (chain, ["--plan", "none.plan.json"], "no such plan"),
        (chain, ["--plan", "net.keras"], "not a plan"),
        (chain, ["--plan", "p.plan.json", "--ratio", "0.5", "--global"], "leave out --ratio and --global"),
        (all_normalised, ["--ratio", "0.5"], "nothing can be pruned: conv2d"),
        (all_normalised, ["--ratio", "0.5"], "normalises over its channels); out (the model's output)"),
        (with_lambda, ["--ratio", "0.5"], "holds a Lambda layer, whose code would run; use --unsafe"),
        (with_nan, ["--ratio", "0.5"], "weight 'bias' of 'hidden' holds NaN or infinity"),
        (lambda: keras.Sequential([L.Dense(8), L.Dense(2)]), ["--ratio", "0.5"], "is not built"),
    ],
)
def test_what_can_not_work_is_one_line_and_leaves_nothing(
    make: Any, arguments: list[str], message: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keras.backend.clear_session(free_memory=False)
    make().save("net.keras")
    before = Path("net.keras").read_bytes()
    code, out, err = run(capsys, "prune", "net.keras", *arguments)
    assert code == 2, err
    assert message in err
    assert err.startswith("harness: ")
    assert (out, err.count("\n")) == ("", 1)
    assert Path("net.keras").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]


def test_a_plan_for_another_architecture(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """Also one whose layers have the same names, and a plan that would leave something impossible."""
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    models.build("single_conv").save(tmp_path / "other.keras")
    arguments = ["prune", tmp_path / "other.keras", "--plan", tmp_path / "p.plan.json", "-o", tmp_path / "x.keras"]
    code, _, err = run(capsys, *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert "the plan is for another architecture" in err
    assert check(capsys, tmp_path / "other.keras", tmp_path / "p.keras")[0] == 2
    assert not (tmp_path / "x.keras").exists()
    plan = json.loads((tmp_path / "p.plan.json").read_text())
    plan["kept"]["conv_a"] = []
    (tmp_path / "p.plan.json").write_text(json.dumps(plan))
    arguments[1] = saved
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert "the plan leaves nothing of 'conv_a'" in err


def test_a_lambda_runs_where_that_is_asked_for_and_keeps_its_channels(tmp_path: Path, capsys: Captured) -> None:
    randomised(with_lambda()).save(tmp_path / "net.keras")
    arguments = ["prune", tmp_path / "net.keras", "--ratio", 0.5, "--unsafe"]
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "(Lambda) has no rule" in out


def test_weights_that_are_not_finite_are_not_replayed(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    with_nan().save(tmp_path / "nan.keras")
    code, _, err = run(capsys, "prune", tmp_path / "nan.keras", "--plan", tmp_path / "p.plan.json")
    assert code == 2
    assert "holds NaN or infinity" in err


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


@pytest.mark.parametrize("name", ["p.keras", "p.plan.json", "p.report.json", "p.layers.svg"])
def test_a_folder_in_the_place_of_an_output_is_found_before_the_work(
    name: str, saved: Path, capsys: Captured, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    code, _, err = run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    assert (code, err.count("\n")) == (2, 1)
    assert f"{name} is a folder; give another file name" in err
    assert [path.name for path in tmp_path.glob("*p.*")] == [name]


@pytest.mark.parametrize("given", [".", "", "/"])
def test_a_folder_is_no_model(given: str, capsys: Captured) -> None:
    code, _, err = run(capsys, "prune", given, "--ratio", 0.5)
    assert (code, err.count("\n")) == (2, 1)
    assert "is a folder; give the path of a .keras file" in err


def test_an_unbuilt_model_with_data(capsys: Captured, digits: str, tmp_path: Path) -> None:
    keras.Sequential([L.Dense(8), L.Dense(2)]).save(tmp_path / "net.keras")
    code, _, err = run(capsys, "prune", tmp_path / "net.keras", "--ratio", 0.5, "--data", digits)
    assert (code, err.count("\n")) == (2, 1)
    assert "is not built; give it an Input layer" in err


def test_an_original_with_nan_can_not_be_verified(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    """Rounding is not to blame then; the architecture can be told all the same."""
    run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    with_nan().save(tmp_path / "nan.keras")
    code, _, err = in_process(capsys, "verify", str(tmp_path / "nan.keras"), str(tmp_path / "p.keras"))
    assert code == 2
    assert "holds NaN or infinity" in err
    assert check(capsys, tmp_path / "nan.keras", tmp_path / "p.keras", "--architecture")[0] == 0


def test_labels_of_classes_that_the_model_does_not_have(saved: Path, capsys: Captured, tmp_path: Path) -> None:
    images = np.zeros((60, 12, 12, 3), np.uint8)
    np.savez(tmp_path / "d.npz", images=images, labels=np.arange(60) % 6)
    code, _, err = run(capsys, "prune", saved, "--ratio", 0.5, "--data", f"npz:{tmp_path / 'd.npz'}")
    assert code == 2
    assert "the labels go from 0 to 5, the model has 5 classes" in err


def test_verify_is_a_function_of_harness() -> None:
    model = randomised(chain())
    result = harness.prune(model, ratio=0.5)
    assert harness.verify(model, result.model, result.plan).holds
