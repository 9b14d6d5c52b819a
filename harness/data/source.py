"""What a dataset's file or folder holds, before splits and transforms, and the checks that every kind shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data.dataset import Labels

MOST_CLASSES = 1_000_000  # a larger label is no class number, but perhaps an identifier


@dataclass(frozen=True, eq=False)
class Examples:
    """images: uint8 in 0 to 255, or float32, (N, H, W, C) or (N, ...); labels: int64 (N,)."""

    images: NDArray[Any]
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> Examples:
        """The examples at these places, in this order."""
        return Examples(self.images[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Source:
    """All examples of a dataset; `test` is its official test set, where it has one. `where` names it in messages.

    `class_names` has a name for each number up to the largest label; `classes` are those that training examples have.
    """

    where: str
    train: Examples
    test: Examples | None
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.train) + (len(self.test) if self.test is not None else 0)

    @property
    def classes(self) -> Labels:
        """The classes that have examples to train on, in increasing order."""
        return np.unique(self.train.labels)

    def first(self, classes: int) -> Source:
        """Only the examples of the first so many classes.

        Raises:
            DataError: there are fewer classes.
        """
        if classes > len(self.class_names):
            raise DataError(
                f"data.classes = {classes} but {self.where} has {len(self.class_names)}; lower it or leave it out"
            )

        def kept(part: Examples) -> Examples:
            return part.take(np.flatnonzero(part.labels < classes))

        test = None if self.test is None else kept(self.test)
        return Source(self.where, kept(self.train), test, self.class_names[:classes])


def examples(images: NDArray[Any], labels: NDArray[Any], where: str) -> Examples:
    """Images and labels as read, checked, in the two kinds of numbers that the harness knows.

    Three axes are taken for grey images, and get a fourth of length 1; `Dataset.shaped_for` takes it away again for a
    network of sequences. Anything else keeps its shape.

    Args:
        images: numbers, (N, H, W, C), (N, H, W) or any other (N, ...); whole ones from 0 to 255 are 8-bit pixels.
        labels: whole numbers, (N,) or (N, 1).
        where: what to call the data in a message.

    Raises:
        DataError: no examples or values, a wrong type, not one label for each example, or NaN or infinity.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim < 2:
        raise DataError(f"{where}: images of shape {images.shape} can't be used; store (N, height, width, channels)")
    if 0 in images.shape:
        raise DataError(f"{where}: images of shape {images.shape} hold nothing; give at least one image for each class")
    numbers = _class_numbers(labels, where)
    if len(labels) != len(images):
        raise DataError(f"{where}: {len(images)} images but {len(labels)} labels; store one label for each image")
    return Examples(_pixels(images, where), numbers)


def _class_numbers(labels: NDArray[Any], where: str) -> Labels:
    """Labels as int64 (N,)."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "buif":
        raise DataError(
            f"{where}: labels are {labels.dtype} of shape {labels.shape}; store one whole number for each image "
            "(for one-hot labels, their argmax)"
        )
    broken = labels[labels != np.floor(labels)] if labels.dtype.kind == "f" else labels[:0]
    if len(broken):
        raise DataError(f"{where}: label {broken[0]:g} is no whole number; store the number of each example's class")
    outside = labels[(labels < 0) | (labels >= MOST_CLASSES)]
    if len(outside):
        raise DataError(f"{where}: label {outside[0]:g} is outside 0 to {MOST_CLASSES - 1}; number the classes from 0")
    return labels.astype(np.int64)


def source(
    where: str, train: Examples, test: Examples | None = None, class_names: Sequence[str] | None = None
) -> Source:
    """A source whose parts fit together. Its classes are numbered from 0; a number may have no examples.

    Raises:
        DataError: fewer than two classes, too few names for them, one in the test set alone, or parts that don't fit.
    """
    found = np.unique(train.labels)
    if len(found) < 2:
        raise DataError(f"{where}: there is only one class; give examples of at least two")
    names = tuple(class_names) if class_names is not None else tuple(str(label) for label in range(found[-1] + 1))
    nameless = found[found >= len(names)]
    if len(nameless):
        raise DataError(
            f"{where}: label {nameless[0]} is outside 0 to {len(names) - 1}, the classes that have a name; correct the "
            "labels, or name all classes"
        )
    unseen = np.setdiff1d(found if test is None else test.labels, found)
    if len(unseen):
        raise DataError(
            f"{where}: label {unseen[0]} is in the test set alone; give training examples of that class too"
        )
    if test is not None and test.images.shape[1:] != train.images.shape[1:]:
        raise DataError(
            f"{where}: training images are {train.images.shape[1:]} and test images {test.images.shape[1:]}; "
            "store both with one shape"
        )
    return Source(where, train, test, names)


def check_memory(shape: tuple[int, ...], bytes_per_pixel: int) -> None:
    """Raise DataError where images of `shape` (N, ...) would not fit in the memory that is free."""
    import psutil

    needed_bytes = math.prod(shape) * bytes_per_pixel
    available_bytes = psutil.virtual_memory().available
    if needed_bytes > available_bytes:
        count, *sizes = shape
        raise DataError(
            f"{count} images of {'x'.join(map(str, sizes))} need {needed_bytes / 1e9:.1f} GB of memory and "
            f"{available_bytes / 1e9:.1f} GB is free; use fewer or smaller images (--limit and --resize, or data.limit "
            "and data.resize in a study)"
        )


def _pixels(images: NDArray[Any], where: str) -> NDArray[Any]:
    """Whole numbers from 0 to 255 as uint8, all others as float32."""
    if images.dtype == np.uint8:
        return images
    if np.issubdtype(images.dtype, np.integer):
        eight_bit = images.min() >= 0 and images.max() <= 255
        return images.astype(np.uint8 if eight_bit else np.float32)
    if not np.issubdtype(images.dtype, np.floating):
        raise DataError(f"{where}: images are {images.dtype}; store whole numbers from 0 to 255, or floats")
    with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite, which is told
        small = images.astype(np.float32, copy=False)
    if not np.isfinite(small).all():
        bad = int(np.argmin(np.isfinite(small).reshape(len(small), -1).all(axis=1)))
        raise DataError(f"{where}: image {bad} has a NaN or infinite pixel; mend or remove it")
    return small
