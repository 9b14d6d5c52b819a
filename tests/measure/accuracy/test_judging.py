"""Accuracy of ONNX files: in batches, on real onnxruntime, against NumPy's own answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from harness.base.errors import DeviceError, MeasureError
from harness.measure.accuracy import evaluate
from harness.measure.runtime.placement import open_placed
from tests.onnx_files import FLOAT, cnn, save, tensor


def identity(path: Path, shape: list[int | str], kind: int = FLOAT) -> Path:
    """A model whose scores are its inputs."""
    node = helper.make_node("Identity", ["x"], ["y"], name="same")
    return save(path, [node], [tensor("x", shape, kind)], [tensor("y", shape, kind)])


def data(examples: int = 100, classes: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((examples, classes)).astype(np.float32), rng.integers(0, classes, examples)


@pytest.mark.parametrize("batch_size", [1, 7, 100, 1000])
def test_answers_don_t_depend_on_the_batch(tmp_path: Path, batch_size: int) -> None:
    """Also where the last batch is smaller than the others."""
    scores, labels = data()
    found = evaluate(identity(tmp_path / "m.onnx", ["N", 10]), scores, labels, device="cpu", batch_size=batch_size)
    expected = scores.argmax(1) == labels
    assert found.correct == "".join("1" if right else "0" for right in expected)
    assert (found.hits, found.examples, found.device) == (expected.sum(), 100, "cpu")


def test_a_fixed_batch_is_filled_up_at_the_end(tmp_path: Path) -> None:
    """100 examples through a model that takes 32 at a time: none is counted twice."""
    scores, labels = data()
    found = evaluate(identity(tmp_path / "m.onnx", [32, 10]), scores, labels, device="cpu")
    assert found.correct == "".join("1" if right else "0" for right in scores.argmax(1) == labels)


def test_a_real_network_agrees_with_a_plain_loop(tmp_path: Path) -> None:
    path = cnn(tmp_path / "m.onnx")
    rng = np.random.default_rng(0)
    images, labels = rng.random((50, 1, 8, 8)).astype(np.float32), rng.integers(0, 10, 50)
    session, _ = open_placed(path, "cpu", {"image": images[:1]}, threads=1)
    expected = [int(session.run(None, {"image": image[None]})[0].argmax()) for image in images]
    found = evaluate(path, images, labels, device="cpu")
    assert [mark == "1" for mark in found.correct] == list(np.array(expected) == labels)


@pytest.mark.parametrize(
    ("operators", "above"),
    [
        (["Sigmoid"], 0.0),
        (["Sigmoid", "Identity", "Cast"], 0.0),
        (["HardSigmoid", "Identity"], 0.0),
        (["Identity"], 0.0),
        (["Relu"], 0.0),
        (["Softmax"], -np.inf),
    ],
)
def test_one_output_says_class_1_above_a_half_if_it_is_a_probability_else_above_0(
    tmp_path: Path, operators: list[str], above: float
) -> None:
    """`above` is where the number before these operators turns the answer; the Softmax of one number is always 1."""
    names = ["x", *(f"t{index}" for index in range(len(operators) - 1)), "y"]
    nodes = [
        helper.make_node(operator, [names[index]], [names[index + 1]], **({"to": FLOAT} if operator == "Cast" else {}))
        for index, operator in enumerate(operators)
    ]
    path = save(tmp_path / "m.onnx", nodes, [tensor("x", ["N", 1])], [tensor("y", ["N", 1])])
    scores = np.array([[-3.0], [-0.2], [0.2], [0.6], [3.0]], np.float32)
    labels = np.array([0, 1, 1, 0, 1])
    expected = (scores[:, 0] > above) == labels
    assert evaluate(path, scores, labels, device="cpu").correct == "".join(np.where(expected, "1", "0"))


def test_several_positions_must_all_be_right(tmp_path: Path) -> None:
    """A captcha of three characters counts only whole."""
    path = identity(tmp_path / "m.onnx", ["N", 3, 10])
    scores = np.zeros((2, 3, 10), np.float32)
    scores[:, :, 4] = 1
    found = evaluate(path, scores, np.array([[4, 4, 4], [4, 9, 4]]), device="cpu")
    assert found.correct == "10"


@pytest.mark.parametrize("shape", [["N"], ["N", 1]])
def test_whole_numbers_are_the_classes_themselves(tmp_path: Path, shape: list[int | str]) -> None:
    """As the first output of what is exported from scikit-learn."""
    kind = onnx.TensorProto.INT64
    given = np.array([3, 0, 7])
    found = evaluate(identity(tmp_path / "m.onnx", shape, kind), given.reshape(3, *shape[1:]), np.array([3, 1, 7]))
    assert found.correct == "101"


def test_an_example_with_nan_among_its_scores_is_wrong(tmp_path: Path) -> None:
    """Whichever class the NaN stands at; a score of minus infinity is an answer like others."""
    scores = np.array([[np.nan, 0.0], [0.0, np.nan], [-np.inf, 0.0]], np.float32)
    assert evaluate(identity(tmp_path / "m.onnx", ["N", 2]), scores, np.array([0, 1, 1])).correct == "001"


def test_one_position_takes_flat_labels(tmp_path: Path) -> None:
    scores = np.zeros((2, 1, 10), np.float32)
    scores[0, 0, 3] = 1
    found = evaluate(identity(tmp_path / "m.onnx", ["N", 1, 10]), scores, np.array([3, 3]), device="cpu")
    assert found.correct == "10"


def test_examples_are_brought_to_the_model_s_type(tmp_path: Path) -> None:
    scores, labels = data()
    path = identity(tmp_path / "m.onnx", ["N", 10], onnx.TensorProto.DOUBLE)
    assert evaluate(path, scores, labels, device="cpu").hits == (scores.argmax(1) == labels).sum()


def test_a_file_of_examples_is_read_batch_by_batch(tmp_path: Path) -> None:
    """A memory-mapped array is never in memory whole."""
    scores, labels = data(1000)
    np.save(tmp_path / "scores.npy", scores)

    class Watched(np.memmap):
        largest = 0

        def __getitem__(self, index: object) -> np.ndarray:
            part = super().__getitem__(index)
            Watched.largest = max(Watched.largest, len(part))
            return np.asarray(part)

    mapped = np.load(tmp_path / "scores.npy", mmap_mode="r").view(Watched)
    found = evaluate(identity(tmp_path / "m.onnx", ["N", 10]), mapped, labels, device="cpu", batch_size=64)
    assert found.hits == (scores.argmax(1) == labels).sum()
    assert Watched.largest == 64


@pytest.mark.parametrize(
    ("examples", "labels", "message"),
    [
        (np.zeros((3, 10), np.float32), np.zeros(2, int), "3 examples and 2 labels; need as many of both"),
        (np.zeros((0, 10), np.float32), np.zeros(0, int), "0 examples and 0 labels"),
        (np.zeros((3, 7), np.float32), np.zeros(3, int), "can't be run"),
        (np.zeros((3, 10), np.float32), np.zeros((3, 2), int), r"gives answers of shape \(3,\), the labels have"),
    ],
)
def test_examples_that_don_t_fit_are_refused_in_one_line(
    tmp_path: Path, examples: np.ndarray, labels: np.ndarray, message: str
) -> None:
    with pytest.raises(MeasureError, match=message) as refused:
        evaluate(identity(tmp_path / "m.onnx", ["N", 10]), examples, labels, device="cpu")
    assert "\n" not in str(refused.value)


def test_a_model_with_two_inputs_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Add", ["a", "b"], ["y"])
    path = save(tmp_path / "m.onnx", [node], [tensor("a", ["N", 2]), tensor("b", ["N", 2])], [tensor("y", ["N", 2])])
    with pytest.raises(MeasureError, match="has 2 inputs; accuracy needs a model with one"):
        evaluate(path, np.zeros((1, 2), np.float32), np.zeros(1, int))


def test_cuda_that_does_not_run_is_refused(tmp_path: Path) -> None:
    path, (scores, labels) = identity(tmp_path / "m.onnx", ["N", 10]), data()
    if evaluate(path, scores, labels).device != "cpu":
        pytest.skip("CUDA runs here")
    with pytest.raises(DeviceError, match="CUDA"):
        evaluate(path, scores, labels, device="cuda")
