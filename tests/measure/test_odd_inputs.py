"""Models whose batch is fixed, open, elsewhere or absent, and inputs that can't be invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from harness.measure.advice import advice
from harness.measure.conditions import differences
from harness.measure.protocol import measure
from harness.spec import MeasureSpec
from tests.onnx_files import classifier, cnn, listener, save, tensor

BRIEF = MeasureSpec(device="cpu", batch_sizes=(1,), budget_s=0.1)


def test_a_batch_that_the_model_does_not_take_is_invalid(tmp_path: Path) -> None:
    """A batch fixed at 1 can't be measured at 32, and 1 is not quietly measured in its place."""
    found = measure([cnn(tmp_path / "fixed.onnx", batch=1)], BRIEF.model_copy(update={"batch_sizes": (1, 32)}))
    one, many = found.rows
    assert one.error is None
    assert many.error == "the model's batch is fixed at 1; export it with a dynamic batch"


def test_models_with_different_fixed_batches_are_each_measured_at_their_own(tmp_path: Path) -> None:
    paths = [cnn(tmp_path / "one.onnx", batch=1), cnn(tmp_path / "two.onnx", batch=2)]
    found = measure(paths, BRIEF.model_copy(update={"batch_sizes": (1, 2)}))
    assert {(row.model, row.batch): row.error is None for row in found.rows} == {
        (0, 1): True,
        (0, 2): False,
        (1, 1): False,
        (1, 2): True,
    }


def test_an_input_without_a_batch_axis_is_measured_at_batch_1_only(tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    path = save(tmp_path / "sequence.onnx", [node], [tensor("x", ["T", 3])], [tensor("y", ["T", 3])])
    found = measure([path], BRIEF.model_copy(update={"batch_sizes": (1, 4), "inputs": ("x:7x3:float32",)}))
    assert [row.error for row in found.rows] == [None, "no input has a batch axis, so only batch 1 can be measured"]


def test_a_batch_of_minus_one_is_any_batch(tmp_path: Path) -> None:
    """As Paddle writes it."""
    found = measure([cnn(tmp_path / "any.onnx", batch=-1)], BRIEF.model_copy(update={"batch_sizes": (1, 3)}))
    assert [row.error for row in found.rows] == [None, None]


@pytest.mark.parametrize("named", [True, False])
def test_a_model_with_a_true_scalar_and_a_batch_in_second_place_is_measured(tmp_path: Path, named: bool) -> None:
    texts = ("audio:Nx16:float32", "state:2xNx4:float32", "rate=16000")
    path = listener(tmp_path / "listener.onnx", named)
    found = measure([path], BRIEF.model_copy(update={"batch_sizes": (1, 3), "inputs": texts}))
    assert [row.error for row in found.rows] == [None, None]
    audio, state, rate = found.inputs
    assert (audio.shape, audio.batched, audio.batch_axis, audio.invented, audio.sha256) == ((16,), True, 0, True, None)
    assert (state.shape, state.batched, state.batch_axis) == ((2, 4), True, 1)
    assert (rate.shape, rate.batched, rate.invented) == ((), False, False)
    assert (audio.size_bytes(3), state.size_bytes(3), rate.size_bytes(3)) == (3 * 16 * 4, 3 * 8 * 4, 8)


def test_real_inputs_are_fed_and_other_ones_are_other_conditions(tmp_path: Path) -> None:
    """From a file; the digest tells the arrays apart, so that they are not compared as equal."""
    path, spec = listener(tmp_path / "listener.onnx"), BRIEF.model_copy(update={"batch_sizes": (1, 3)})
    found = []
    for value in (0.5, 0.7):
        arrays = {"audio": np.full((2, 16), value, np.float32), "state": np.zeros((2, 1, 4), np.float32)}
        np.savez(tmp_path / "in.npz", **arrays, rate=np.int64(16000))
        found.append(measure([path], spec.model_copy(update={"input_data": tmp_path / "in.npz"})))
    assert all(row.error is None for one in found for row in one.rows)
    assert [one.batch_axis for one in found[0].inputs] == [0, 1, 0]
    assert not any(one.invented for one in found[0].inputs)
    assert found[0].inputs[0].sha256 != found[1].inputs[0].sha256
    assert found[0].inputs[1:] == found[1].inputs[1:]
    assert differences(*found)[0].startswith("inputs: ")


def test_a_batch_that_a_given_shape_moves_is_not_fixed(tmp_path: Path) -> None:
    """Its first axis is 2 for both directions, not for a batch of 2."""
    node = helper.make_node("Relu", ["state"], ["y"])
    path = save(tmp_path / "state.onnx", [node], [tensor("state", [2, None, 4])], [tensor("y", None)])
    spec = BRIEF.model_copy(update={"batch_sizes": (1, 3), "inputs": ("state:2xNx4:float32",)})
    assert [row.error for row in measure([path], spec).rows] == [None, None]


def test_fixed_and_open_sizes_are_compared_where_the_input_makes_them_equal(tmp_path: Path) -> None:
    shapes = {"fixed": ["N", 1, 8, 8], "open": ["N", 1, "height", "width"], "nameless": [None] * 4, "one": [1, 1, 8, 8]}
    node = helper.make_node("GlobalAveragePool", ["x"], ["y"])
    paths = [
        save(tmp_path / f"{name}.onnx", [node], [tensor("x", shape)], [tensor("y", None)])
        for name, shape in shapes.items()
    ]
    spec = BRIEF.model_copy(update={"batch_sizes": (1, 2), "inputs": ("x:Nx1x8x8:float32",)})
    found = measure(paths, spec)
    assert [row.error for row in found.rows[:-1]] == [None] * 7
    assert found.rows[-1].error == "the model's batch is fixed at 1; export it with a dynamic batch"
    lines = advice(found, found.compare_all())
    assert not any("too busy to time" in line or "6 of" in line for line in lines)


def test_texts_and_lists_of_maps_are_measured_end_to_end_and_never_lose_the_other(tmp_path: Path) -> None:
    """In mode device they are invalid, by their own reason; the device is what runs, whatever was listed."""
    relu = save(
        tmp_path / "relu.onnx", [helper.make_node("Relu", ["x"], ["y"])], [tensor("x", ["N", 4])], [tensor("y", None)]
    )
    spec = MeasureSpec(batch_sizes=(1,), modes=("end_to_end", "device"), budget_s=0.1)
    found = measure([relu, classifier(tmp_path / "classifier.onnx")], spec)
    *good, bad = found.rows
    assert [row.error for row in good] == [None] * 3
    assert bad.error is not None
    assert bad.error.startswith("mode device keeps values in the device's memory, which 'label', a tensor(string)")
    assert [each.verdict for each in found.compare_all()][1] == "invalid"
    assert (found.models[1].macs, found.models[1].parameters) == (None, None)
    assert any(
        "MACs and weights unknown: 'linear' (LinearClassifier) can't be counted" in line for line in advice(found, ())
    )
