"""Real inputs from files: arrays by name, or ONNX's own test data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from harness.base.errors import MeasureError
from harness.measure.inputs.given import read_arrays


def test_data(folder: Path, *arrays: tuple[str, np.ndarray]) -> Path:
    folder.mkdir(parents=True)
    for number, (name, array) in enumerate(arrays):
        onnx.save_tensor(numpy_helper.from_array(array, name), str(folder / f"input_{number}.pb"))
    return folder


test_data.__test__ = False  # type: ignore[attr-defined]
A, B = np.arange(6, dtype=np.float32).reshape(2, 3), np.int64(16000)


def test_an_npz_gives_its_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", a=A, b=B)
    found = read_arrays(tmp_path / "in.npz", ["a", "b"])
    assert np.array_equal(found["a"], A)
    assert (found["b"].shape, found["b"].item()) == ((), 16000)


@pytest.mark.parametrize("names", [("a", "b"), ("", ""), ("made up", "too")])
def test_a_folder_of_test_data_goes_by_name_or_else_by_order(tmp_path: Path, names: tuple[str, str]) -> None:
    test_data(tmp_path / "set", (names[0], A), (names[1], np.asarray(B)))
    found = read_arrays(tmp_path / "set", ["a", "b"])
    assert np.array_equal(found["a"], A)
    assert found["b"].item() == 16000


def test_names_win_over_the_order(tmp_path: Path) -> None:
    test_data(tmp_path / "set", ("b", np.asarray(B)), ("a", A))
    assert np.array_equal(read_arrays(tmp_path / "set", ["a", "b"])["a"], A)


def test_a_model_s_folder_gives_its_first_set(tmp_path: Path) -> None:
    test_data(tmp_path / "test_data_set_1", ("a", A + 1))
    test_data(tmp_path / "test_data_set_0", ("a", A))
    assert np.array_equal(read_arrays(tmp_path, ["a"])["a"], A)


def wrong(folder: Path, kind: str) -> Path:
    path = folder / "in.npz"
    if kind == "missing":
        return folder / "nowhere"
    if kind == "empty folder":
        return folder
    if kind == "too many":
        return test_data(folder / "set", ("", A), ("", A))
    if kind == "no tensor":
        (folder / "input_0.pb").write_bytes(b"\x0anot a tensor")
        return folder
    if kind == "objects":
        np.savez(path, a=np.array([{"a": 1}], dtype=object))
    elif kind == "no array":
        np.savez(path)
    elif kind == "one array":
        np.save(folder / "in.npy", A)
        return folder / "in.npy"
    else:
        path.write_bytes(b"PK\x03\x04 no zip" if kind == "broken" else b"hello")
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", r"nowhere: can't be read \(No such file or directory\); give an .npz, or a folder with input_0.pb"),
        ("empty folder", "holds no input_0.pb; give a folder of ONNX test data, or an .npz"),
        ("too many", r"input_1.pb: the model has 1 inputs"),
        ("no tensor", "input_0.pb: not a tensor of ONNX test data"),
        ("objects", "not an .npz of plain arrays"),
        ("one array", "holds one array without a name"),
        ("no array", "in.npz: holds no array; give an .npz with arrays by input name"),
        ("broken", "not an .npz of plain arrays"),
        ("text", "not an .npz of plain arrays"),
    ],
)
def test_what_can_not_be_read_is_one_line(tmp_path: Path, kind: str, message: str) -> None:
    with pytest.raises(MeasureError, match=message) as refused:
        read_arrays(wrong(tmp_path, kind), ["a"])
    assert "\n" not in str(refused.value)
