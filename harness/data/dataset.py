"""What a study trains and tests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.shapes import Sizes, Wanted, agrees, channels_first, with_ones_of

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test examples, ready for a network.

    Attributes:
        train_images, test_images: float32 (N, H, W, C), in 0 to 1 or as stored; (N, ...) for vectors, sequences and
            volumes.
        train_labels, test_labels: int64 (N,), from 0 to n_class - 1; a number between may be that of no example.
        class_names: one for each number, in order; none where the examples have no labels, which then are all 0.
        digest: SHA-256 over all of the above; equal digests mean equal data.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    class_names: tuple[str, ...]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", self._digest())

    @property
    def n_class(self) -> int:
        """How many classes there are, whether or not each has examples."""
        return len(self.class_names)

    @property
    def labelled(self) -> bool:
        """Whether the labels mean anything."""
        return bool(self.class_names)

    @property
    def image_shape(self) -> Sizes:
        """Of one example: (height, width, channels) for images."""
        return self.train_images.shape[1:]

    def shaped_for(self, wanted: Wanted | None) -> Dataset:
        """The same examples as a network takes them, where that is only a matter of axes of length 1, or of channels
        that come first; else as they are.

        `wanted` is the shape of one example there, with None for any size; None where that is not known.
        """
        if wanted is None or agrees(self.image_shape, wanted):
            return self
        both, shape = (self.train_images, self.test_images), with_ones_of(self.image_shape, wanted)
        if agrees(shape, wanted):
            train, test = (images.reshape(-1, *shape) for images in both)
        elif len(shape) == len(wanted) == 3 and wanted[0] is not None and agrees(channels_first(shape), wanted):
            train, test = (np.moveaxis(images.reshape(-1, *shape), -1, 1) for images in both)
        else:
            return self
        found = replace(self, train_images=train, test_images=test)
        vars(found)["test_digest"] = self.test_digest  # moved or not, they are the same examples
        return found

    @cached_property
    def test_digest(self) -> str:
        """SHA-256 over the test examples, in whichever shape, and their labels: equal, and what is asked is equal."""
        digest = hashlib.sha256(repr(self.class_names).encode())
        for array in (self.test_images, self.test_labels):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _digest(self) -> str:
        digest = hashlib.sha256(repr(self.class_names).encode())
        arrays: tuple[NDArray[Any], ...] = (self.train_images, self.train_labels, self.test_images, self.test_labels)
        for array in arrays:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
