"""`harness run NET.keras --data NAME`: a network that was trained elsewhere, from pruning to report."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import SpecError
from harness.data import Dataset, load
from harness.pipeline.run import Run, run_study
from harness.prune.recover.finetune import tune
from harness.prune.recover.recovery import RecoverySpec, recover
from harness.spec import DataSpec, Study, TrainSpec, checked, study_of
from tests.cli.test_app import in_process

L = keras.layers


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load(DataSpec(limit=600))


@pytest.fixture(scope="module")
def net(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ends in logits, as a network that is not ours may."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)), L.Conv2D(8, 3), L.BatchNormalization(momentum=0.9), L.ReLU(), L.MaxPooling2D(4),
            L.Flatten(), L.Dense(10),
        ]
    )  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss)
    model.fit(data.train_images, data.train_labels, epochs=4, verbose=0)
    path = tmp_path_factory.mktemp("own") / "My Nét.keras"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def run(net: Path) -> Run:
    asked = study_of(net, DataSpec(limit=600), [0.5], finetune_epochs=2)
    measure = asked.measure.model_copy(update={"batch_sizes": (1,), "budget_s": 1.0, "device": "cpu"})
    asked = asked.model_copy(update={"measure": measure})
    return run_study(asked, runs=net.parent / "runs", store=net.parent / "store")


def test_it_is_taken_as_it_is(run: Run, net: Path, data: Dataset) -> None:
    answers = keras.models.load_model(net, compile=False).predict(data.test_images, verbose=0).argmax(-1)
    original = run.results.rows[0]
    assert original.accuracy is not None
    assert original.accuracy.hits == np.sum(answers == data.test_labels)
    assert original.training is not None
    assert original.training.history == {}
    assert run.folder.name == "my-n-t"


def test_it_is_pruned_tuned_on_its_logits_exported_and_measured(run: Run) -> None:
    """With the loss of probabilities, as the study's own networks end in, the logits would be ruined."""
    pruned = run.results.rows[2]
    assert [row.error for row in run.results.rows] == [None] * 3
    assert pruned.pruning is not None
    assert pruned.pruning.finetune is not None
    losses = pruned.pruning.finetune.history["loss"]
    assert losses[-1] is not None
    assert losses[-1] < 1
    assert pruned.accuracy is not None
    assert pruned.accuracy.value > 0.6
    (measurement,) = run.results.measurements
    assert len(measurement.models) == 2
    told = run.report.read_text()
    assert "'My Nét.keras'" in told
    assert "came trained" not in told
    assert "2 epochs of adam" in told


def test_fine_tuning_is_what_harness_prune_does(run: Run, net: Path, data: Dataset) -> None:
    """The same options and the same network make the same weights: recalibrated, then trained on; the original, too."""
    original = keras.models.load_model(net, compile=False)
    result = harness.prune(original, ratio=0.5)
    recover(original, result, data, RecoverySpec(train=TrainSpec(epochs=2), baselines=False))
    tune(original, data, TrainSpec(epochs=2))
    for stage, expected in {"prune": result.model, "train_on": original}.items():
        (kept,) = (net.parent / "store" / stage).glob("*/model.keras")
        made = keras.models.load_model(kept, compile=False)
        for ours, theirs in zip(made.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_a_network_at_chance_is_told_so_and_no_conclusion_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fresh weights, in a file that is called `trained`: exit code 1, in words and as JSON."""
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((28, 28, 1)), L.Flatten(), L.Dense(12, "relu"), L.Dense(10, "softmax")])
    model.save("trained.keras")
    lines = ["name = 'x'", "data.limit = 200", "[[networks]]", "model = 'trained.keras'", "deploy = false"]
    (tmp_path / "x.toml").write_text("\n".join([*lines, "prune = [{ratio = 0.75}]"]))
    code, stdout, stderr = in_process(capsys, "run", "x.toml", "--quiet")
    assert code == 1
    assert stdout.startswith("At chance. No better on the test examples than always giving one answer")
    assert "came trained" not in stdout
    assert "Best buy" not in stdout
    assert stderr == "trained.keras: no better than chance, so nothing is concluded about pruning it\n"
    code, stdout, _ = in_process(capsys, "run", "x.toml", "--quiet", "--json")
    assert code == 1
    assert json.loads(stdout)["findings"][0]["title"] == "At chance"
    _, stdout, _ = in_process(capsys, "results", "runs/x")
    assert "original (at chance)" in stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["NET"], "what is it trained on? give --data"),
        (["nowhere.keras", "--data", "mnist5k"], "nowhere.keras: no such file"),
        (["NET", "--data", "mnist6k"], "mnist6k"),
        (["NET", "--data", "mnist5k", "--ratio", "half"], "--ratio half: not a number"),
        (["NET", "--data", "mnist5k", "--ratio", "1.5"], "ratio = 1.5"),
        (["NET", "--data", "mnist5k", "--ratio", "0.5,0.5"], "2 prunings are called '50 %, tuned 1'"),
        (["TWO", "--data", "mnist5k"], "has 2 inputs and 1 outputs; a study takes one of each"),
        (["COLOR", "--data", "mnist5k"], "takes examples of shape (28, 28, 3), the data has (28, 28, 1)"),
        (["FEW", "--data", "mnist5k"], "has 4 outputs, enough for 4 classes, and the labels go up to 9; give its last"),
        (["UNBUILT", "--data", "mnist5k"], "is not built; give it an Input layer"),
        (["NAN", "--data", "mnist5k"], "holds NaN or infinity; train the model again"),
        (["NET", "--data", "mnist5k", "--ratio", ""], "--ratio: is empty"),
        (["NET", "--data", "mnist5k", "--output", "/proc/none"], "can't be made; give a folder that can be written"),
        (["study.toml", "--ratio", "0.5"], "--ratio: for a network's file; a study says that itself"),
    ],
)
def test_what_can_not_work_is_one_line(
    net: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if words[0] in WRONG:
        WRONG[words[0]]().save(tmp_path / "wrong.keras")
    places = {"NET": str(net), **dict.fromkeys(WRONG, "wrong.keras")}
    code, stdout, stderr = in_process(capsys, "run", *(places.get(word, word) for word in words), "--quiet")
    assert (code, stdout) == (2, "")
    assert message in stderr
    assert stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def classifier(inputs: list[keras.KerasTensor], classes: int) -> keras.Model:
    flat = [L.Flatten()(each) for each in inputs]
    return keras.Model(inputs, L.Dense(classes)(L.Concatenate()(flat) if len(flat) > 1 else flat[0]))


def with_nan() -> keras.Model:
    model = classifier([keras.Input((28, 28, 1))], 10)
    model.layers[-1].bias.assign(np.full(10, np.nan))
    return model


WRONG = {
    "UNBUILT": lambda: keras.Sequential([L.Dense(10)]),
    "NAN": with_nan,
    "TWO": lambda: classifier([keras.Input((28, 28, 1)), keras.Input((28, 28, 1))], 10),
    "COLOR": lambda: classifier([keras.Input((28, 28, 3))], 10),
    "FEW": lambda: classifier([keras.Input((28, 28, 1))], 4),
}


def test_a_file_has_no_options(net: Path, tmp_path: Path) -> None:
    network = {"model": str(net), "options": {"filters": 3}}
    asked = checked(Study, {"name": "x", "networks": [network]}, "study")
    with pytest.raises(SpecError, match=r"filters: a .keras file has no options; leave them out"):
        run_study(asked, runs=tmp_path / "runs", store=tmp_path / "store")
