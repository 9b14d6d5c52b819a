"""The proof notices every file that computes something else, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

import models
from harness.base.errors import ParityError
from harness.export import onnx_from_keras, parity, require_parity
from harness.records import Parity
from tests.export.nets import L, chain, examples, randomized, small

Weights = NDArray[np.float32]


def change(path: Path, name: str, edit: Callable[[Weights], Weights]) -> None:
    """Replace a constant in an ONNX file."""
    model = onnx.load(path)
    (tensor,) = [tensor for tensor in model.graph.initializer if tensor.name == name]
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(edit(numpy_helper.to_array(tensor))), name))
    onnx.save(model, path)


def nudge(values: Weights) -> Weights:
    """One weight of many, a hundredth of its layer's spread off."""
    changed = values.copy()
    changed.flat[5] += 0.01 * values.std()
    return changed


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        pytest.param(
            "MatMul_1.B", lambda w: w.reshape(8, 144, 5).swapaxes(0, 1).reshape(1152, 5), id="rows as Keras's"
        ),
        pytest.param("MatMul_1.B", lambda w: w[[1, 0, *range(2, 1152)]], id="two rows swapped"),
        pytest.param("Conv_1.W", lambda w: w[..., ::-1, :], id="kernel mirrored"),
        pytest.param("Conv_1.W", nudge, id="one weight nudged"),
        pytest.param("Conv_1.B", np.zeros_like, id="bias lost"),
    ],
)
def test_planted_errors_are_found(name: str, edit: Callable[[Weights], Weights], tmp_path: Path) -> None:
    """A wrong weight, and right weights in a wrong order, whose shapes fit."""
    model = small()
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    require_parity(parity(model, path, examples(model)), path.name)
    change(path, name, edit)
    found = parity(model, path, examples(model))
    assert found.largest_difference > 2e-4
    with pytest.raises(ParityError, match=r"net\.onnx: the ONNX graph differs from Keras: other classes on \d+ of 40"):
        require_parity(found, path.name)


def test_error_in_a_small_probability_is_found(tmp_path: Path) -> None:
    """Behind a Softmax the logarithms are compared: an unlikely class counts as much as a likely one."""
    model = chain(L.Flatten(), L.Dense(4, activation="softmax"), shape=(3, 3, 1))
    model.layers[-1].bias.assign([0.0, 0.0, 0.0, -20.0])
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    change(path, "Add_1.B", lambda bias: bias + np.array([0, 0, 0, 1], np.float32))
    assert parity(model, path, examples(model)).largest_difference > 0.05


def test_large_logits_agree(tmp_path: Path) -> None:
    """Raw pixels make logits in the hundreds, whose rounding shows in the probabilities; that is no difference."""
    model = randomized(models.build("single_conv"))
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    require_parity(parity(model, path, [1000 * examples(model)[0]]), path.name)


def test_batch_size_left_in_the_graph_is_found(tmp_path: Path) -> None:
    """A Reshape to 40 rows runs on 40 examples, and not on one."""
    model = small()
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    change(path, "Reshape_1.shape", lambda shape: np.array([40, 1152]))
    with pytest.raises(ParityError, match=r"ONNX Runtime can't run it: .*; export the model again"):
        parity(model, path, examples(model))


def test_batch_in_parts_is_the_whole(tmp_path: Path) -> None:
    """The last part may be smaller."""
    model = small()
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    found = parity(model, path, examples(model), batch_size=16)
    assert found.examples == 40
    require_parity(found, path.name)


def test_ties_have_no_class(tmp_path: Path) -> None:
    """Examples whose two best outputs are equal may come out either way."""
    model = chain(L.Flatten(), L.Dense(4, activation="softmax"), shape=(3, 3, 1))
    model.layers[-1].set_weights([np.zeros((9, 4)), np.zeros(4)])
    path = tmp_path / "net.onnx"
    onnx_from_keras(model, path)
    change(path, "Add_1.B", lambda bias: np.array([0, 0, 0, 1e-6], np.float32))
    found = parity(model, path, examples(model))
    assert (found.ties, found.top1_disagreements) == (40, 0)
    require_parity(found, path.name)


def test_other_class_is_refused_however_small_the_difference() -> None:
    """Top-1 counts by itself."""
    with pytest.raises(ParityError, match="other classes on 1 of 10 examples"):
        require_parity(Parity(examples=10, largest_difference=1e-6, top1_disagreements=1, ties=0), "net.onnx")


def test_outputs_of_another_shape(tmp_path: Path) -> None:
    """A file of another network is named as such."""
    path = tmp_path / "net.onnx"
    onnx_from_keras(chain(L.Flatten(), L.Dense(4), shape=(12, 12, 3)), path)
    with pytest.raises(ParityError, match=r"its outputs have shapes \[\(40, 4\)\], and those of Keras \[\(40, 5\)\]"):
        parity(small(), path, examples(small()))


def test_file_that_is_no_onnx(tmp_path: Path) -> None:
    """One line, not protobuf's."""
    path = tmp_path / "net.onnx"
    path.write_bytes(b"hello")
    with pytest.raises(ParityError, match="ONNX Runtime can't run it"):
        parity(small(), path, examples(small()))
