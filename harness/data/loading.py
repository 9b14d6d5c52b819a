"""From a DataSpec to a Dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data import transforms
from harness.data.dataset import Dataset, Images
from harness.data.images import is_flat, read_flat, read_images
from harness.data.mnist import mnist, mnist5k
from harness.data.noise import with_noise
from harness.data.npz import read_npz
from harness.data.source import Examples, Source, check_memory
from harness.data.split import limited, split
from harness.spec import DataSpec

NAMES = ("mnist5k", "mnist", "fashion_mnist", "images:DIR", "npz:FILE")


def names() -> tuple[str, ...]:
    """What `DataSpec.name` may be; DIR and FILE stand for paths."""
    return NAMES


def load(spec: DataSpec, *, labels: bool = True) -> Dataset:
    """Read, split and transform a dataset. The same spec and files give the same arrays, whatever is trained on them.

    Without `labels`, a folder of images may also have no classes; then all of them are training examples.

    Raises:
        DataError: the dataset is unknown, missing, damaged, too small for the split, or too large for memory.
    """
    folder = None if labels else flat_folder(spec)
    if folder is not None:
        return _unlabelled(folder, spec)
    return _mislabeled(_labeled(spec), spec)


def load_all(specs: Iterable[DataSpec]) -> dict[DataSpec, Dataset]:
    """The dataset of each spec; those that differ only in their wrong labels share their images, which can be large.

    Raises:
        DataError: as for `load`.
    """
    labeled: dict[DataSpec, Dataset] = {}
    found: dict[DataSpec, Dataset] = {}
    for spec in dict.fromkeys(specs):
        right = spec.model_copy(update={"label_noise": 0.0})
        if right not in labeled:
            labeled[right] = _labeled(right)
        found[spec] = _mislabeled(labeled[right], spec)
    return found


def _labeled(spec: DataSpec) -> Dataset:
    """The dataset with its labels as they are."""
    source = _read(spec)
    source = source if spec.classes is None else source.first(spec.classes)
    train, test = split(source, spec)
    check_memory(_shape(spec, len(train) + len(test), train.images.shape[1:]), bytes_per_pixel=4)
    generator = np.random.default_rng(spec.split_seed)
    return Dataset(
        train_images=_transform(train, spec, generator),
        train_labels=train.labels,
        test_images=_transform(test, spec, generator),
        test_labels=test.labels,
        class_names=source.class_names,
    )


def flat_folder(spec: DataSpec) -> Path | None:
    """The folder of a spec that names one of images without classes; else None."""
    kind, _, where = spec.name.partition(":")
    folder = Path(where).expanduser()
    return folder if kind == "images" and where and is_flat(folder) else None


def _unlabelled(folder: Path, spec: DataSpec) -> Dataset:
    """Images without classes, in random order; none are for testing."""
    found = read_flat(folder, spec.resize)
    kept = limited(found, spec, str(folder))
    check_memory(_shape(spec, len(kept), kept.images.shape[1:]), bytes_per_pixel=4)
    generator = np.random.default_rng(spec.split_seed)
    none = kept.take(np.arange(0))
    return Dataset(
        train_images=_transform(kept, spec, generator),
        train_labels=kept.labels,
        test_images=_transform(none, spec, generator),
        test_labels=none.labels,
        class_names=(),
    )


def _mislabeled(dataset: Dataset, spec: DataSpec) -> Dataset:
    """The dataset with the wrong labels that were asked for, and the same images in memory."""
    if not spec.label_noise:
        return dataset
    labels = with_noise(dataset.train_labels, spec.label_noise, np.unique(dataset.train_labels), spec.split_seed)
    return replace(dataset, train_labels=labels)


def _read(spec: DataSpec) -> Source:
    kind, _, where = spec.name.partition(":")
    if spec.folder is not None and spec.name not in ("mnist", "fashion_mnist"):
        raise DataError(f"data.folder is for mnist and fashion_mnist, not for {spec.name}; remove it")
    if spec.name == "mnist5k":
        return mnist5k()
    if spec.name in ("mnist", "fashion_mnist"):
        return mnist(spec.name, spec.folder)
    if kind == "images" and where:
        return read_images(Path(where).expanduser(), spec.resize)
    if kind == "npz" and where:
        return read_npz(Path(where).expanduser())
    raise DataError(f"data.name = '{spec.name}' is unknown; use one of {', '.join(NAMES)}")


def _transform(part: Examples, spec: DataSpec, generator: np.random.Generator) -> Images:
    """Scaling comes last: until then 8-bit images take a quarter of the memory."""
    images: NDArray[np.uint8 | np.float32] = part.images
    if spec.resize is not None and spec.resize != images.shape[1:3]:
        images = transforms.resize(images, spec.resize)
    if spec.color:
        images = transforms.color(images, generator)
    if spec.rgb:
        images = transforms.rgb(images)
    return transforms.scale(images, spec.scale)


def _shape(spec: DataSpec, count: int, stored: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of all images together after the transforms; `stored` is one image's before."""
    if len(stored) != 3:
        return count, *stored
    height, width = spec.resize or stored[:2]
    return count, height, width, 3 if spec.color or spec.rgb else stored[2]
