"""Splits: nothing lost, nothing twice, every class's share kept, and decided by the seed alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data.source import Examples, Source, examples, source
from harness.data.split import split
from harness.spec import DataSpec


def numbered(counts: list[int]) -> Source:
    """Examples sorted by class, `counts` of each, whose one pixel is their number."""
    labels = np.repeat(np.arange(len(counts)), counts)
    images = np.arange(len(labels), dtype=np.float32).reshape(-1, 1, 1, 1)
    return source("numbers", examples(images, labels, "numbers"))


def ids(part: Examples) -> NDArray[np.float32]:
    return part.images[:, 0, 0, 0]


COUNTS = st.lists(st.integers(2, 60), min_size=2, max_size=6)


@settings(deadline=None)
@given(COUNTS, st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
def test_a_split_is_a_stratified_partition(counts: list[int], fraction: float, seed: int) -> None:
    """Or is refused; a class's share of the test set is off by less than one example."""
    try:
        train, test = split(numbered(counts), DataSpec(test_fraction=fraction, split_seed=seed))
    except DataError as error:
        assert str(error).startswith("data.test_fraction")  # noqa: PT017
        return
    assert sorted([*ids(train), *ids(test)]) == list(range(sum(counts)))
    share = len(test) / sum(counts)
    for label, count in enumerate(counts):
        assert abs((test.labels == label).sum() - count * share) < 1


@settings(deadline=None)
@given(COUNTS, st.data(), st.integers(0, 1000))
def test_a_limit_keeps_each_class_share(counts: list[int], data: st.DataObject, seed: int) -> None:
    """Any limit up to the size of the data is met exactly, or refused for a class that would vanish."""
    limit = data.draw(st.integers(1, sum(counts)))
    try:
        train, test = split(numbered(counts), DataSpec(limit=limit, test_fraction=0.5, split_seed=seed))
    except DataError as error:
        assert str(error).startswith("data.")  # noqa: PT017
        return
    kept = np.concatenate([ids(train), ids(test)])
    assert len(set(kept.tolist())) == len(kept) == limit
    labels = np.concatenate([train.labels, test.labels])
    for label, count in enumerate(counts):
        assert abs((labels == label).sum() - count * limit / sum(counts)) < 1


def test_images_keep_their_labels() -> None:
    whole = numbered([20, 30, 10])
    for part in split(whole, DataSpec(limit=40)):
        np.testing.assert_array_equal(whole.train.labels[ids(part).astype(int)], part.labels)


def test_only_the_seed_decides() -> None:
    whole = numbered([20, 30])
    one, same, other = (split(whole, DataSpec(split_seed=seed))[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(ids(one), ids(same))
    assert set(ids(one)) != set(ids(other))


def test_an_official_test_set_stays_whole() -> None:
    """`test_fraction` has no say, and no training example moves into the test set."""
    train, test = numbered([30, 30]).train, numbered([5, 5]).train
    got = split(source("two parts", train, test), DataSpec(test_fraction=0.9))
    assert [len(part) for part in got] == [60, 10]
    assert sorted(ids(got[1])) == list(range(10))
