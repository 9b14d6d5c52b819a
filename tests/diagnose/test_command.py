"""`harness diagnose`: the answer on stdout, an exit code that says it too, and one line for what can't be answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from tests.cli.test_app import in_process
from tests.diagnose.cases.case import SPARSE, L, chain

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "80")

    def ran(*arguments: Any) -> tuple[int, str, str]:
        return in_process(capsys, "diagnose", *map(str, arguments), "--quiet")

    return ran


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A saved network, not compiled."""
    path = tmp_path / "net.keras"
    chain(L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(10, activation="softmax")).save(path)
    return path


def test_a_healthy_network_exits_with_0(run: Run, model: Path) -> None:
    code, out, err = run(model, "--data", "mnist5k", "--limit", 300, "--loss", SPARSE)
    assert (code, err) == (0, "")
    assert "nothing found that keeps it from learning" in out
    assert "Layers before any step" in out


def test_a_network_that_does_not_learn_exits_with_1_and_says_why(run: Run, model: Path) -> None:
    code, out, _ = run(model, "--data", "mnist5k", "--limit", 300, "--loss", SPARSE, "--learning-rate", 1e-9)
    assert code == 1
    for part in ("STOPS LEARNING", "learning-rate-low", "what", "evidence", "why", "cure"):
        assert part in out


def test_json_is_the_whole_diagnosis(run: Run, model: Path) -> None:
    code, out, _ = run(model, "--data", "mnist5k", "--limit", 300, "--loss", SPARSE, "--scale", "raw", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["schema_version"] == "harness-diagnosis/1"
    assert found["findings"][0]["kind"] == "inputs-unscaled"
    assert found["layers"][0]["layer"] == found["findings"][0]["where"]


def test_the_loss_in_the_file_is_used(run: Run, tmp_path: Path) -> None:
    """Here one that expects logits, which the network gives."""
    network = chain(L.Flatten(), L.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss)
    network.save(tmp_path / "net.keras")
    code, out, _ = run(tmp_path / "net.keras", "--data", "mnist5k", "--limit", 300, "--json")
    assert code == 0
    assert (json.loads(out)["optimizer"], json.loads(out)["learning_rate"]) == ("SGD", 0.01)
    code, out, _ = run(tmp_path / "net.keras", "--data", "mnist5k", "--limit", 300, "--loss", SPARSE, "--json")
    assert code == 1
    assert json.loads(out)["findings"][0]["kind"] == "from-logits"


def test_from_logits_is_said_with_an_option(run: Run, tmp_path: Path) -> None:
    chain(L.Flatten(), L.Dense(10)).save(tmp_path / "net.keras")
    code, out, _ = run(
        tmp_path / "net.keras", "--data", "mnist5k", "--limit", 300, "--loss", SPARSE, "--from-logits", "--json"
    )
    assert (code, json.loads(out)["findings"]) == (0, [])


def test_a_network_of_harness_goes_by_its_name(run: Run) -> None:
    """The question about colored digits, as it was asked, with fewer filters."""
    code, out, _ = run("colored", "--option", "filters=8", "--data", "mnist5k", "--limit", 300, "--color", "--json")
    assert json.loads(out)["findings"][0]["kind"] == "clipped-logits"
    assert code == int(json.loads(out)["findings"][0]["severity"] == "stops learning")


def test_a_history_is_read(run: Run, model: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text('{"loss": [2.4, 2.31, 2.3], "accuracy": [0.11, 0.1, 0.1]}')
    code, out, _ = run(model, "--data", "mnist5k", "--limit", 300, "--loss", SPARSE, "--history", history, "--json")
    assert code == 1
    assert json.loads(out)["findings"][0]["kind"] == "chance-plateau"


def test_images_of_another_shape_are_a_finding(run: Run, model: Path) -> None:
    code, out, _ = run(model, "--data", "mnist5k", "--limit", 300, "--loss", SPARSE, "--resize", "20x20")
    assert code == 1
    assert "the model takes 28x28x1, and each image is 20x20x1" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "mnist5k"], "loss is missing"),
        (["--data", "mnist6k", "--loss", SPARSE], "data.name = 'mnist6k' is unknown; use one of mnist5k"),
        (["--data", "npz:none.npz", "--loss", SPARSE], "none.npz"),
        (["--data", "mnist5k", "--loss", "sparse"], "loss = 'sparse' is unknown"),
        (["--data", "mnist5k", "--loss", "mse", "--from-logits"], "only a cross-entropy takes logits"),
        (["--data", "mnist5k", "--from-logits"], "loss is missing"),
        (["--data", "mnist5k", "--loss", SPARSE, "--learning-rate", "-1"], "give a number above 0"),
        (["--data", "mnist5k", "--loss", SPARSE, "--optimizer", "adamant"], "optimizer = 'adamant' is unknown"),
        (["--data", "mnist5k", "--loss", SPARSE, "--history", "none.json"], "none.json: no such file"),
        (["--data", "mnist5k", "--loss", SPARSE, "--scale", "double"], "scale = 'double'"),
        (["--data", "mnist5k", "--loss", SPARSE, "--limit", "0"], "limit = 0"),
        (["--data", "mnist5k", "--loss", SPARSE, "--resize", "20"], "--resize 20: not a size"),
        (["--data", "mnist5k", "--loss", SPARSE, "--option", "filters=8"], "--option is for the networks single_conv"),
    ],
)
def test_what_can_not_be_answered_is_one_line_and_exit_code_2(
    run: Run, model: Path, arguments: list[str], message: str
) -> None:
    code, out, err = run(model, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert message in err


@pytest.mark.parametrize("name", ["none.keras", "text.keras"])
def test_a_file_that_is_no_model_is_one_line(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.keras").write_text("hello")
    code, _, err = run(tmp_path / name, "--data", "mnist5k", "--loss", SPARSE)
    assert (code, err.count("\n")) == (2, 1)
    assert name in err


def test_an_option_that_a_network_of_harness_does_not_have_is_one_line(run: Run) -> None:
    code, _, err = run("single_conv", "--data", "mnist5k", "--option", "filter=8")
    assert (code, err.count("\n")) == (2, 1)
    assert "filter is not an option of single_conv" in err
