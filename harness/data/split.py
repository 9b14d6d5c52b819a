"""Training and test examples: stratified, and the same for every network since only the DataSpec decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data.dataset import Labels
from harness.data.source import Examples, Source
from harness.spec import DataSpec

Indices = NDArray[np.int64]


def split(source: Source, spec: DataSpec) -> tuple[Examples, Examples]:
    """Training and test examples, in an order drawn by `split_seed`; an official test set stays the test set.

    Raises:
        DataError: `limit` is larger than the data, or `limit` or `test_fraction` leaves a class with too little.
    """
    if spec.limit is not None and spec.limit > len(source):
        raise DataError(
            f"data.limit = {spec.limit} but {source.where} has {len(source)} examples; lower it or leave it out"
        )
    if source.test is None:
        return _divide(source, spec)
    whole = len(source) if spec.limit is None else spec.limit
    train_count = round(whole * len(source.train) / len(source))
    classes = len(source.classes)
    if not classes <= train_count < whole:
        raise DataError(f"data.limit = {spec.limit} is too small for {source.where}; use at least {2 * classes}")
    train = _draw(source.train.labels, train_count, spec.split_seed)
    _check_classes(source, source.train.labels[train], 1, spec)
    test = _draw(source.test.labels, whole - train_count, spec.split_seed)
    return source.train.take(train), source.test.take(test)


def limited(found: Examples, spec: DataSpec, where: str) -> Examples:
    """As many of some examples as the limit says, in an order drawn by `split_seed`, whatever their labels.

    Raises:
        DataError: `limit` is larger than the data.
    """
    if spec.limit is not None and spec.limit > len(found):
        raise DataError(f"data.limit = {spec.limit} but {where} has {len(found)} examples; lower it or leave it out")
    return found.take(np.random.default_rng(spec.split_seed).permutation(len(found))[: spec.limit])


def _divide(source: Source, spec: DataSpec) -> tuple[Examples, Examples]:
    """Cut the test set out of a source that has none."""
    from sklearn.model_selection import train_test_split

    labels = source.train.labels
    kept = _draw(labels, len(labels) if spec.limit is None else spec.limit, spec.split_seed)
    _check_classes(source, labels[kept], 2, spec)
    test_count = round(spec.test_fraction * len(kept))
    classes = len(source.classes)
    if not classes <= test_count <= len(kept) - classes:
        raise DataError(
            f"data.test_fraction = {spec.test_fraction:g} of {len(kept)} examples leaves {len(kept) - test_count} for "
            f"training and {test_count} for testing; each needs at least {classes}, one for each class: use more "
            "examples, or another data.test_fraction in a study"
        )
    train, test = train_test_split(kept, test_size=test_count, stratify=labels[kept], random_state=spec.split_seed)
    return source.train.take(train), source.train.take(test)


def _draw(labels: Labels, count: int, seed: int) -> Indices:
    """Indices of `count` examples, of each class the same share, in random order."""
    from sklearn.utils import resample

    indices = np.arange(len(labels))
    drawn: Indices = resample(indices, replace=False, n_samples=count, stratify=labels, random_state=seed)
    return drawn


def _check_classes(source: Source, labels: Labels, least: int, spec: DataSpec) -> None:
    counts = np.bincount(labels, minlength=len(source.class_names))[source.classes]
    rarest = int(np.argmin(counts))
    if counts[rarest] < least:
        blame = source.where if spec.limit is None else f"data.limit = {spec.limit}"
        name = source.class_names[source.classes[rarest]]
        raise DataError(f"{blame} leaves {counts[rarest]} examples of class '{name}'; use at least {least}")
