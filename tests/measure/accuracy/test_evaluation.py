"""One classifier or two on a dataset, against counts made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from harness.base.errors import DataError, MeasureError
from harness.measure.accuracy.evaluation import Evaluation, Examples, evaluate_files
from harness.measure.accuracy.present import sentences
from tests.onnx_files import constant, save, tensor

NAMES = ("ant", "bee", "cat")


def classifier(path: Path, gains: list[list[float]]) -> Path:
    """Scores are the inputs times a matrix: (N, 3) to (N, columns)."""
    node = helper.make_node("MatMul", ["x", "gains"], ["y"])
    outputs = [tensor("y", ["N", len(gains[0])])]
    return save(path, [node], [tensor("x", ["N", 3])], outputs, [constant("gains", gains, "float32")])


def one_hot(labels: list[int], answers: list[int]) -> Examples:
    """Inputs whose answer by the identity is known."""
    return Examples("these", np.eye(3, dtype=np.float32)[answers], np.array(labels), NAMES, "digest")


IDENTITY = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
NEVER_CAT = [[1.0, 0, 0], [0, 1, 0], [0, 1, 0]]


def evaluated(folder: Path, examples: Examples, *matrices: list[list[float]]) -> Evaluation:
    paths = [classifier(folder / f"{index}.onnx", matrix) for index, matrix in enumerate(matrices)]
    return evaluate_files(paths, examples, device="cpu")


def test_accuracy_by_class_and_what_each_is_taken_for(tmp_path: Path) -> None:
    labels, answers = [0, 0, 0, 0, 2, 2], [0, 1, 1, 2, 2, 2]
    found = evaluated(tmp_path, one_hot(labels, answers), IDENTITY)
    (model,) = found.models
    assert (model.correct, model.accuracy.hits, model.accuracy.value) == ("100011", 3, 0.5)
    assert model.accuracy.low < 0.5 < model.accuracy.high
    assert found.chance == 4 / 6
    assert [(one.name, one.share.hits, one.share.examples, one.taken_for, one.mistaken) for one in model.classes] == [
        ("ant", 1, 4, "bee", 2),
        ("cat", 2, 2, None, 0),
    ]
    assert found.difference is None
    assert found.refused


def test_two_files_are_paired_example_by_example(tmp_path: Path) -> None:
    """The second never says cat: all cats are lost, and nothing else changes."""
    labels = [0] * 20 + [1] * 20 + [2] * 20
    found = evaluated(tmp_path, one_hot(labels, labels), IDENTITY, NEVER_CAT)
    assert found.difference is not None
    assert (found.difference.only_first, found.difference.only_second) == (20, 0)
    assert found.difference.value == pytest.approx(-1 / 3)
    assert found.difference.p_value == pytest.approx(2 * 0.5**20)
    assert [one.verdict for one in found.by_class] == ["inconclusive", "inconclusive", "worse"]
    assert found.by_class[2].p_value == pytest.approx(3 * 2 * 0.5**20)  # Holm, of three classes
    assert found.refused
    assert not evaluated(tmp_path, one_hot(labels, labels), NEVER_CAT, IDENTITY).refused


def test_what_casts_doubt_is_told(tmp_path: Path) -> None:
    """No better than chance, and NaN for some."""
    examples = one_hot([0, 1, 2, 0], [1, 2, 0, 0])
    examples.images[3] = np.nan
    lines = "\n".join(sentences(evaluated(tmp_path, examples, IDENTITY)))
    assert "gave NaN for 1 examples, which count as wrong" in lines
    assert "no better than chance" in lines


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="tells 2 classes apart, and the data has 3"):
        evaluated(tmp_path, one_hot([0, 1], [0, 1]), [[1.0, 0], [0, 1], [0, 0]])


def test_another_shape_is_refused(tmp_path: Path) -> None:
    examples = Examples("these", np.zeros((2, 4), np.float32), np.array([0, 1]), NAMES, "digest")
    with pytest.raises(DataError, match="takes 3 for each example, and the data has 4"):
        evaluated(tmp_path, examples, IDENTITY)
