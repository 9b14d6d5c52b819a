"""`harness prune --speedup`: what is written was measured, what is refused is not written. Nothing asserts a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import PruneError, SpecError, TooSlowError
from harness.base.store import Folder, Store
from harness.base.store.upkeep import contents
from harness.measure.latency import profiling
from harness.prune.files import report_path
from harness.prune.speed import trial
from harness.prune.speed.trial import SHORT
from harness.records import PruneFile
from tests.prune.command.running import Captured, measure_for, run
from tests.prune.nets import chain, randomised


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Few networks, timed shortly, in a store of the test's own."""
    monkeypatch.setattr(profiling, "FEWEST_DESIGNS", 10)
    monkeypatch.setattr(profiling, "BUDGET_S", 0.5)
    measure_for(10, monkeypatch)
    monkeypatch.chdir(tmp_path)


def test_the_report_and_the_exit_code_agree_with_what_was_measured(saved: Path, capsys: Captured) -> None:
    code, out, err = run(capsys, "prune", saved, "--speedup", 1.05, "--device", "cpu", "--json")
    pruned = saved.with_name("my net-pruned.keras")
    if code == 1:
        assert "nothing is written" in err
        assert list(saved.parent.iterdir()) == [saved]
        return
    assert code == 0, err
    about = PruneFile.model_validate_json(report_path(pruned).read_text())
    assert about.speed is not None
    (reached,) = about.speed.reached
    assert reached.verdict == "faster"
    assert reached.speedup >= 1.05 * (1 - SHORT)
    assert about.speed.least <= about.speed.loss
    assert json.loads(out)["speed"]["asked"]["speedup"] == 1.05
    kept = keras.models.load_model(pruned)
    assert kept.get_layer("conv_b").filters == about.speed.rounds[about.speed.chosen].widths["conv_b"]


def test_with_data_widths_that_are_as_fast_are_told_apart_by_reconstruction(
    saved: Path, digits: str, capsys: Captured
) -> None:
    code, out, err = run(capsys, "prune", saved, "--speedup", 1.05, "--device", "cpu", "--data", digits)
    if code == 1:
        assert "nothing is written" in err
        return
    assert code == 0, err
    speed = PruneFile.model_validate_json(report_path(saved.with_name("my net-pruned.keras")).read_text()).speed
    assert speed is not None
    assert bool(speed.judged) == ("misses the least of the original's outputs" in out)
    if speed.judged:
        assert speed.rounds[speed.chosen].missed == speed.judged[0]


def test_what_no_width_can_reach_is_refused_with_the_fastest_and_not_written(saved: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, "prune", saved, "--speedup", 1000, "--device", "cpu")
    assert code == 1
    assert "1000x as fast is not reachable" in err
    assert "the fastest would be" in err
    assert len(err.strip().splitlines()) == 1
    assert list(saved.parent.iterdir()) == [saved]


def test_with_data_a_refusal_says_how_accurate_the_fastest_would_be(saved: Path, digits: str, capsys: Captured) -> None:
    code, _, err = run(capsys, "prune", saved, "--speedup", 1000, "--device", "cpu", "--data", digits)
    assert code == 1
    assert "the fastest would be" in err
    assert "that would get an estimated" in err
    assert "of 40 examples right" in err
    assert len(err.strip().splitlines()) == 1
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--speedup", 2, "--ratio", 0.5], "--speedup says how much goes; leave out --ratio"),
        (["--speedup", 2, "--plan", "a.json"], "leave out --plan"),
        (["--speedup", 2, "--max-latency-us", 5], "leave out --max-latency-us"),
        (["--speedup", 1], "speedup = 1.0"),
        (["--max-latency-us", -3], "max_latency_us = -3.0"),
        (["--speedup", 2, "--batch", "0"], "batch_sizes"),
        (["--speedup", 2, "--device", "tpu"], "device = 'tpu'"),
        (["--ratio", 0.5, "--threads", 2], "is for --speedup and --max-latency-us"),
    ],
)
def test_bad_input_is_one_line(saved: Path, capsys: Captured, options: list[object], said: str) -> None:
    code, _, err = run(capsys, "prune", saved, *options)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_inputs_that_cannot_be_invented_are_refused(tmp_path: Path, capsys: Captured) -> None:
    tokens = keras.Input((12,), dtype="int32", name="tokens")
    x = keras.layers.Conv1D(8, 3)(keras.layers.Embedding(20, 16)(tokens))
    model = keras.Model(tokens, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling1D()(x)))
    path = tmp_path / "words.keras"
    randomised(model).save(path)
    code, _, err = run(capsys, "prune", path, "--speedup", 2, "--device", "cpu")
    assert code == 2
    assert "input 'tokens' takes int32, which can't be invented" in err


def test_in_python_a_speed_and_another_amount_are_refused() -> None:
    for options in ({"speedup": 2.0, "ratio": 0.5}, {"max_latency_us": 5.0, "filters": 2}):
        with pytest.raises(SpecError, match="says how much goes; leave out"):
            harness.prune(randomised(chain()), **options)
    with pytest.raises(SpecError, match="exactly one of speedup and max_latency_us"):
        harness.prune(randomised(chain()), speedup=2.0, max_latency_us=5.0)


def test_in_python_a_speed_goes_with_kernels_solved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With options of both kinds; a try counts as it is."""
    monkeypatch.setattr(trial, "_met", lambda asked, reached: True)
    measure_for(2, monkeypatch)
    model = randomised(chain())
    images = np.random.default_rng(0).random((64, *model.input_shape[1:]), np.float32)
    asked = {"speedup": 1.05, "device": "cpu", "recover": "reconstruct", "reconstruct_images": 60}
    result = harness.prune(model, **asked, data=images, store=tmp_path / "tables")
    assert result.speed is not None
    assert result.reconstruction is not None
    assert result.reconstruction.images == 60
    with pytest.raises(PruneError, match="examples"):
        harness.prune(model, **asked, store=tmp_path / "tables")


def test_in_python_what_no_width_can_reach_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(TooSlowError, match="not reachable by fewer channels"):
        harness.prune(randomised(chain()), speedup=1000.0, device="cpu", store=tmp_path / "tables")
    assert list((tmp_path / "tables" / "latency").glob("*/table.json"))


def test_a_table_stays_until_it_is_forgotten_and_while_it_is_made_the_store_is_in_use(
    saved: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it belongs to no study."""
    users: list[str] = []
    timed = profiling.Profiler.time

    def seen(profiler: profiling.Profiler, *asked: Any, **options: Any) -> Any:
        users.extend(user.study for user in contents(Folder(Path(".harness"))).users)
        return timed(profiler, *asked, **options)

    monkeypatch.setattr(profiling.Profiler, "time", seen)
    assert run(capsys, "prune", saved, "--speedup", 1000, "--device", "cpu")[0] == 1
    assert users == ["harness-prune"]
    assert contents(Folder(Path(".harness"))).users == ()
    assert run(capsys, "store", "--remove-unreferenced", "--yes")[:2] == (0, "removed: nothing\n")
    told = run(capsys, "store", "--remove-unreferenced", "--yes", "--forget", "harness-prune")[1]
    assert told.startswith("forgotten: harness-prune@")
    assert "removed: 1 artifact, " in told
    assert not list(Path(".harness").glob("latency/*/table.json"))


def test_a_table_of_a_study_is_the_studys_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(TooSlowError):
        harness.prune(randomised(chain()), speedup=1000.0, device="cpu", store=store.referred_by("mine", {}))
    assert [study.study for study in contents(store.place).studies] == ["mine"]


def test_a_table_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with pytest.raises(TooSlowError):
            harness.prune(randomised(chain()), speedup=1000.0, device="cpu", store=tmp_path)
        monkeypatch.setattr(profiling.Profiler, "time", None)  # would fail if it were asked for


def test_a_network_in_which_many_groups_meet_is_priced_too(tmp_path: Path) -> None:
    x = keras.Input((8, 8, 3))
    branches = [keras.layers.Conv2D(4 + number, 1, name=f"branch_{number}")(x) for number in range(9)]
    y = keras.layers.Conv2D(4, 1)(keras.layers.Concatenate()(branches))
    model = keras.Model(x, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(y)))
    with pytest.raises(TooSlowError, match="the fastest would be"):
        harness.prune(randomised(model), speedup=1000.0, device="cpu", store=tmp_path)
