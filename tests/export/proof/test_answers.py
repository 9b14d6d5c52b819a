"""How often a network's answers are right, and where they are no answers to the labels."""

from __future__ import annotations

import numpy as np
import pytest

from harness.export.proof.answers import Answers


def hits(scores: list, labels: list, maker: str = "MatMul") -> int | None:
    found = Answers(np.array(scores, float), maker).accuracy(np.array(labels))
    return None if found is None else found.hits


def test_the_largest_score() -> None:
    assert hits([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 0, 0]) == 2
    assert hits([[[0.1, 0.9]], [[0.8, 0.2]]], [1, 0]) == 2  # one position an example


def test_several_positions_must_all_be_right() -> None:
    assert hits([[[0, 1], [1, 0]], [[0, 1], [1, 0]]], [[1, 0], [1, 1]]) == 1


@pytest.mark.parametrize(("maker", "right"), [("Sigmoid", 2), ("MatMul", 1)])
def test_a_single_score_is_a_probability_or_a_logit(maker: str, right: int) -> None:
    assert hits([[0.4], [0.7]], [0, 1], maker) == right


def test_no_answers_to_such_labels() -> None:
    assert hits([[0.4], [0.7]], [0, 5]) is None  # a single score of more than two classes
    assert hits([[0.1, 0.9]], [7]) is None
    assert hits([[0.1, 0.9]], [0.5]) is None
    assert hits([0.1], [0]) is None
    assert hits([[[0.1, 0.9], [0.2, 0.8]]], [1]) is None
