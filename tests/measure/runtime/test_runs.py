"""How one model is run: the feeds, and that every mode computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.measure.runtime.runs import Bound, Plan, make_feed, make_run
from harness.measure.runtime.session import SessionSettings, open_session
from tests.onnx_files import classifier, cnn

FLOATS = {"shape": [None, 1, 8, 8], "dtype": "float32"}


def plan(path: Path = Path("none"), **changes: Any) -> Plan:
    values = {"names": ["image"], "inputs": [FLOATS], "batch": 3, "mode": "end_to_end", "seed": 0, "copies": 1}
    return Plan(str(path), **{**values, **changes})


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("float32", 0, 1), ("float16", 0, 1), ("uint8", 0, 255), ("int64", 0, 1), ("bool", 0, 1)]
)
def test_invented_values_are_of_the_type_and_in_range(dtype: str, low: int, high: int) -> None:
    (array,) = make_feed(plan(inputs=[FLOATS | {"dtype": dtype}])).values()
    assert (array.dtype, array.shape) == (np.dtype(dtype), (3, 1, 8, 8))
    assert low <= array.min() < array.max() <= high


def test_invented_values_depend_on_the_seed_and_the_copy_alone() -> None:
    first, again = make_feed(plan())["image"], make_feed(plan())["image"]
    other_seed, other_copy = make_feed(plan(seed=7))["image"], make_feed(plan(), copy=1)["image"]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other_seed)
    assert not np.array_equal(first, other_copy)


def test_given_examples_are_repeated_to_fill_the_batch(tmp_path: Path) -> None:
    file = tmp_path / "inputs.npz"
    examples = np.arange(2 * 64, dtype=np.float32).reshape(2, 1, 8, 8)
    np.savez(file, image=examples)
    fed = make_feed(plan(inputs=[FLOATS | {"file": str(file), "key": "image"}], batch=5))["image"]
    assert np.array_equal(fed, examples[[0, 1, 0, 1, 0]])


def test_given_examples_are_repeated_along_the_batch_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "inputs.npz"
    state, rate = np.arange(2 * 2 * 3, dtype=np.float32).reshape(2, 2, 3), np.int64(16000)
    np.savez(file, state=state, rate=rate)
    inputs = [
        {"shape": [2, None, 3], "dtype": "float32", "file": str(file), "key": "state"},
        {"shape": [], "dtype": "int64", "file": str(file), "key": "rate"},
        {"shape": [2, None, 3], "dtype": "float32"},
        {"shape": [], "dtype": "float32"},
    ]
    fed = make_feed(plan(inputs=inputs, names=["state", "rate", "invented", "scalar"], batch=3))
    assert np.array_equal(fed["state"], state[:, [0, 1, 0]])
    assert (fed["rate"].shape, fed["rate"].item()) == ((), 16000)
    assert (fed["invented"].shape, fed["scalar"].shape) == ((2, 3, 3), ())


@pytest.mark.parametrize("mode", ["device", "cuda_graph"])
def test_what_is_no_tensor_can_not_stay_on_a_device(tmp_path: Path, mode: str) -> None:
    path = classifier(tmp_path / "c.onnx")
    values = {"names": ["x"], "inputs": [{"shape": [None, 4], "dtype": "float32"}], "mode": mode}
    session = open_session(path, SessionSettings())
    with pytest.raises(ValueError, match=r"in the device's memory, which 'label', a tensor\(string\), can't be"):
        make_run(session, plan(path, **values), SessionSettings())
    assert make_run(session, plan(path, **values | {"mode": "end_to_end"}), SessionSettings())()[1][0].keys()


def test_device_resident_runs_compute_what_end_to_end_runs_compute(tmp_path: Path) -> None:
    """Into outputs that were allocated beforehand, and stay where they are."""
    path = cnn(tmp_path / "a.onnx")
    session = open_session(path, SessionSettings())
    expected = make_run(session, plan(path), SessionSettings())()
    bound = Bound(session, make_feed(plan(path)), [np.zeros_like(array) for array in expected], "cpu")
    address = bound.outputs[0].data_ptr()
    session.run_with_iobinding(bound.binding)
    assert np.array_equal(bound.outputs[0].numpy(), expected[0])
    assert bound.outputs[0].data_ptr() == address


@pytest.mark.parametrize("mode", ["end_to_end", "device"])
def test_every_mode_runs_with_several_inputs_in_turn(tmp_path: Path, mode: str) -> None:
    path = cnn(tmp_path / "a.onnx")
    run = make_run(open_session(path, SessionSettings()), plan(path, mode=mode, copies=3), SessionSettings())
    answers = [run() for _ in range(4)]
    if mode == "end_to_end":
        assert np.array_equal(answers[0][0], answers[3][0])
        assert not np.array_equal(answers[0][0], answers[1][0])
