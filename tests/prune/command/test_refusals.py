"""What can't work is one line, and leaves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from tests.prune.command.running import Captured, run
from tests.prune.nets import chain, with_lambda, with_nan

L = keras.layers


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
        (
            chain,
            ["--ratio", "0.5", "--limit", "9"],
            "--limit: for --data, which is not given; give it, or leave it out",
        ),
        (chain, ["--ratio", "0.5", "--seed", "-1"], "--seed -1: give a whole number from 0"),
        (chain, ["--ratio", "0.5", "--round-to", "0"], "round_to = 0: input should be greater than or equal to 1"),
        (chain, ["--ratio", "0.5", "--distill"], "give --finetune-epochs"),
        (chain, ["--ratio", "0.5", "--scratch-epochs", "2"], "the baselines go with fine-tuning"),
        (chain, ["--ratio", "0.5", "--learning-rate", "nan"], "learning_rate = nan"),
        (chain, ["--ratio", "0.5", "--batch-size", "0"], "batch_size = 0"),
        (chain, ["--ratio", "0.5", "--optimizer", "adamm"], "optimizer = 'adamm'"),
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


@pytest.mark.parametrize("name", ["p.keras", "p.plan.json", "p.report.json", "p.layers.svg"])
def test_a_folder_in_the_place_of_an_output_is_found_before_the_work(
    name: str, saved: Path, capsys: Captured, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    code, _, err = run(capsys, "prune", saved, "--ratio", 0.5, "-o", tmp_path / "p.keras")
    assert (code, err.count("\n")) == (2, 1)
    assert f"{name} is a folder; give another file name" in err
    assert [path.name for path in tmp_path.glob("*p.*")] == [name]


@pytest.mark.parametrize("given", [".", "/"])
def test_a_folder_is_no_model(given: str, capsys: Captured) -> None:
    code, _, err = run(capsys, "prune", given, "--ratio", 0.5)
    assert (code, err.count("\n")) == (2, 1)
    assert "is a folder; give the path of a .keras file" in err
