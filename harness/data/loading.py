"""From a DataSpec to a Dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data import transforms
from harness.data.dataset import Dataset, Images
from harness.data.images import read_images
from harness.data.mnist import mnist, mnist5k
from harness.data.noise import with_noise
from harness.data.npz import read_npz
from harness.data.source import Examples, Source, check_memory
from harness.data.split import split
from harness.errors import DataError
from harness.spec import DataSpec

NAMES = ("mnist5k", "mnist", "fashion_mnist", "images:DIR", "npz:FILE")


def names() -> tuple[str, ...]:
    """What `DataSpec.name` may be; DIR and FILE stand for paths."""
    return NAMES


def load(spec: DataSpec) -> Dataset:
    """Read, split and transform a dataset. The same spec and files give the same arrays, whatever is trained on them.

    Raises:
        DataError: the dataset is unknown, missing, damaged, too small for the split, or too large for memory.
    """
    source = _read(spec)
    train, test = split(source, spec)
    check_memory(_shape(spec, len(train) + len(test), train.images.shape[1:]), bytes_per_pixel=4)
    generator = np.random.default_rng(spec.split_seed)
    return Dataset(
        train_images=_transform(train, spec, generator),
        train_labels=with_noise(train.labels, spec.label_noise, source.classes, spec.split_seed),
        test_images=_transform(test, spec, generator),
        test_labels=test.labels,
        class_names=source.class_names,
    )


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
    return transforms.scale(images, spec.scale)


def _shape(spec: DataSpec, count: int, stored: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of all images together after the transforms; `stored` is one image's before."""
    if len(stored) != 3:
        return count, *stored
    height, width = spec.resize or stored[:2]
    return count, height, width, 3 if spec.color else stored[2]
