"""A classifier's last kernel, solved by what the original answers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from harness.prune import apply, plan
from harness.prune.keras_graph.logits import classifying
from harness.prune.keras_graph.reading import read_graph
from harness.prune.recover.reconstruct import answers
from harness.prune.recover.reconstruct.answers import MOST_UNKNOWNS, Answers
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.records import Reconstruction
from harness.spec import PruneSpec
from tests.prune.recover.stripes import Examples

L = keras.layers


def rows_of(matrix: np.ndarray, count: int, *, noise: float = 0.0, seed: int = 0) -> Answers:
    """What such a matrix, bias last, makes of random rows."""
    generator = np.random.default_rng(seed)
    made = Answers()
    for _ in range(5):
        design = generator.normal(size=(count // 5, 1, len(matrix) - 1))
        logits = design @ matrix[:-1] + matrix[-1]
        made.add(design, logits + noise * generator.normal(size=logits.shape))
    return made


def test_it_is_solved_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its many small products are what threads of two processes wait for each other in the most."""
    threads, real = set[int](), answers._Rows.solved

    def seen(*asked: Any) -> Any:
        threads.update(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")
        return real(*asked)

    monkeypatch.setattr(answers._Rows, "solved", seen)
    with threadpool_limits(limits=2, user_api="blas"):
        assert rows_of(np.random.default_rng(1).normal(size=(6, 3)), 200).refine(np.zeros((6, 3)), bias=True)
    assert threads == {1}


def test_the_kernel_that_gives_the_same_answers_is_found_from_any_other() -> None:
    """Up to a number that is added to all logits of an example, which changes no answer."""
    wanted = np.random.default_rng(1).normal(size=(6, 3))
    found = rows_of(wanted, 2_000).refine(np.zeros((6, 3)), bias=True)
    assert found is not None
    assert found.after > 0.98 > found.before
    apart = found.matrix - wanted
    assert np.abs(apart - apart.mean(axis=1, keepdims=True)).max() < 0.1


def test_a_bias_that_is_not_free_stays() -> None:
    near = np.zeros((6, 3))
    near[-1] = 0.3
    found = rows_of(np.random.default_rng(1).normal(size=(6, 3)), 500).refine(near, bias=False)
    assert found is not None
    assert (found.matrix[-1] == near[-1]).all()


def test_nothing_is_changed_where_nothing_does_better() -> None:
    wanted = np.random.default_rng(1).normal(size=(6, 3))
    assert rows_of(wanted, 500).refine(wanted, bias=True) is None


@pytest.mark.parametrize(
    ("shape", "rows", "fits"),
    [((1, 128, 10), 1_500, True), ((2, 128, 10), 1_500, False), ((1, 128, 1), 1_500, False),
     ((1, MOST_UNKNOWNS, 2), 10, False), ((1, 4_096, 10), 100_000, False)],
)  # fmt: skip
def test_only_what_is_small_enough_is_solved_so(shape: tuple[int, int, int], rows: int, fits: bool) -> None:
    assert Answers.fits(shape, rows) is fits


def ending(*layers: L.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((5,)), L.Dense(7, activation="softmax"), *layers])


@pytest.mark.parametrize(
    ("model", "paths"),
    [
        (ending(L.Dense(4, activation="softmax", name="out"), L.Reshape((1, 4))), {"out"}),
        (ending(L.Dense(4, name="out"), L.Softmax()), {"out"}),
        (ending(L.Dense(4, name="out"), L.Activation("log_softmax")), {"out"}),
        (ending(L.Dense(4, name="out")), set()),
        (ending(L.Dense(4, name="out", activation="relu"), L.Softmax()), set()),
        (ending(L.Dense(4, name="out"), L.Reshape((2, 2)), L.Softmax()), set()),
        (ending(L.Dense(1, name="out", activation="sigmoid")), set()),
    ],
)
def test_classifiers_are_told_by_the_softmax_over_all_that_their_last_layer_makes(
    model: keras.Model, paths: set[str]
) -> None:
    assert classifying(read_graph(model)) == paths


def test_a_pruned_classifier_comes_nearer_to_the_original_s_answers(trained: keras.Model, examples: Examples) -> None:
    decided = plan(trained, PruneSpec(ratio=0.5))
    found = reconstruct(trained, decided, apply(trained, decided), [examples.train_images])
    assert found.answered is not None
    (told,) = found.answered.values()
    assert told.before < told.after <= 1
    assert Reconstruction.model_validate_json(found.model_dump_json()) == found


def test_a_network_that_gives_logits_has_no_answers(trained: keras.Model, examples: Examples) -> None:
    bare = keras.models.clone_model(trained)
    bare.set_weights(trained.get_weights())
    bare.layers[-1].activation = keras.activations.linear
    decided = plan(bare, PruneSpec(ratio=0.5))
    found = reconstruct(bare, decided, apply(bare, decided), [examples.train_images])
    assert found.answered is None
    assert "answered" not in found.model_dump()
