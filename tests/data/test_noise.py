"""Wrong training labels, as many as asked and none of them right."""

from __future__ import annotations

import numpy as np

from harness.data import load
from harness.data.noise import with_noise
from harness.spec import DataSpec


def test_exactly_the_share_asked_for_is_another_class_each_as_likely() -> None:
    labels = np.arange(10_000, dtype=np.int64) % 4
    noisy = with_noise(labels, 0.3, np.arange(4), seed=0)
    wrong = noisy != labels
    assert wrong.sum() == 3000
    shifts = np.bincount((noisy - labels)[wrong] % 4, minlength=4)
    assert shifts[0] == 0
    assert (np.abs(shifts[1:] - 1000) < 100).all()
    assert set(noisy.tolist()) == {0, 1, 2, 3}
    assert np.array_equal(labels, np.arange(10_000) % 4), "the labels given are left alone"


def test_a_number_without_examples_is_no_wrong_label() -> None:
    """Labels of 0, 1 and 7 become each other, and no class that the data does not have."""
    classes = np.array([0, 1, 7])
    labels = classes[np.arange(900) % 3]
    noisy = with_noise(labels, 0.5, classes, seed=0)
    assert (noisy != labels).sum() == 450
    assert set(noisy.tolist()) == {0, 1, 7}


def test_only_training_labels_change_and_the_split_and_colors_stay() -> None:
    clean = load(DataSpec(limit=200, color=True))
    noisy = load(DataSpec(limit=200, color=True, label_noise=0.5))
    assert (clean.train_labels != noisy.train_labels).sum() == 80
    assert np.array_equal(clean.test_labels, noisy.test_labels)
    assert np.array_equal(clean.train_images, noisy.train_images)
    assert np.array_equal(clean.test_images, noisy.test_images)
    assert clean.digest != noisy.digest
