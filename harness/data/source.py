"""What a dataset's file or folder holds, before splits and transforms, and the checks that every kind shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.dataset import Labels
from harness.errors import DataError


@dataclass(frozen=True, eq=False)
class Examples:
    """images: uint8 in 0 to 255, or float32, (N, H, W, C); labels: int64 (N,)."""

    images: NDArray[Any]
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> Examples:
        return Examples(self.images[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Source:
    """All examples of a dataset; `test` is its official test set, where it has one. `where` names it in messages."""

    where: str
    train: Examples
    test: Examples | None
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.train) + (len(self.test) if self.test is not None else 0)


def examples(images: NDArray[Any], labels: NDArray[Any], where: str) -> Examples:
    """Images and labels as read, checked, in the two kinds of numbers that the harness knows.

    Args:
        images: whole numbers in 0 to 255, or floats, (N, H, W) or (N, H, W, C).
        labels: whole numbers, (N,) or (N, 1).
        where: what to call the data in a message.

    Raises:
        DataError: wrong rank or type, nothing there, not one label for each image, or a NaN or infinite pixel.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise DataError(f"{where}: images of shape {images.shape} can't be used; store (N, height, width, channels)")
    if 0 in images.shape:
        raise DataError(f"{where}: images of shape {images.shape} hold nothing; give at least one image for each class")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"{where}: labels are {labels.dtype} of shape {labels.shape}; store one whole number for each image "
            "(for one-hot labels, their argmax)"
        )
    if len(labels) != len(images):
        raise DataError(f"{where}: {len(images)} images but {len(labels)} labels; store one label for each image")
    return Examples(_pixels(images, where), labels.astype(np.int64))


def source(
    where: str, train: Examples, test: Examples | None = None, class_names: Sequence[str] | None = None
) -> Source:
    """A source whose labels number its classes from 0 and whose parts fit together.

    Raises:
        DataError: a label out of range, a class without examples, fewer than two classes, or parts that don't fit.
    """
    found = np.unique(train.labels)
    names = tuple(class_names) if class_names is not None else tuple(str(label) for label in range(len(found)))
    for part in (train,) if test is None else (train, test):
        outside = part.labels[(part.labels < 0) | (part.labels >= len(names))]
        if len(outside):
            raise DataError(
                f"{where}: label {outside[0]} is outside 0 to {len(names) - 1}; number the {len(names)} classes "
                "from 0 without gaps"
            )
    if len(names) < 2:
        raise DataError(f"{where}: there is only one class; give examples of at least two")
    missing = sorted(set(range(len(names))) - set(found.tolist()))
    if missing:
        raise DataError(f"{where}: class '{names[missing[0]]}' has no examples; add some or remove the class")
    if test is not None and test.images.shape[1:] != train.images.shape[1:]:
        raise DataError(
            f"{where}: training images are {train.images.shape[1:]} and test images {test.images.shape[1:]}; "
            "store both with one shape"
        )
    return Source(where, train, test, names)


def check_memory(shape: tuple[int, int, int, int], bytes_per_pixel: int) -> None:
    """Raise DataError where images of `shape` (N, H, W, C) would not fit in the memory that is free."""
    import psutil

    needed_bytes = math.prod(shape) * bytes_per_pixel
    available_bytes = psutil.virtual_memory().available
    if needed_bytes > available_bytes:
        count, height, width, channels = shape
        raise DataError(
            f"{count} images of {height}x{width}x{channels} need {needed_bytes / 1e9:.1f} GB of memory and "
            f"{available_bytes / 1e9:.1f} GB is free; use fewer images (data.limit) or a smaller data.resize"
        )


def _pixels(images: NDArray[Any], where: str) -> NDArray[Any]:
    """Pixels as uint8 or float32."""
    if images.dtype == np.uint8:
        return images
    if np.issubdtype(images.dtype, np.integer):
        low, high = images.min(), images.max()
        if low < 0 or high > 255:
            raise DataError(f"{where}: pixels go from {low} to {high}; store whole numbers from 0 to 255, or floats")
        return images.astype(np.uint8)
    if not np.issubdtype(images.dtype, np.floating):
        raise DataError(f"{where}: images are {images.dtype}; store whole numbers from 0 to 255, or floats")
    if not np.isfinite(images).all():
        bad = int(np.argmin(np.isfinite(images).all(axis=(1, 2, 3))))
        raise DataError(f"{where}: image {bad} has a NaN or infinite pixel; mend or remove it")
    return images.astype(np.float32, copy=False)
