"""What a study trains and tests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test examples, ready for a network.

    Attributes:
        train_images, test_images: float32 (N, H, W, C), in 0 to 1 or as stored.
        train_labels, test_labels: int64 (N,), from 0 to n_class - 1.
        class_names: one for each class, in the order of the labels.
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
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)"""
        height, width, channels = self.train_images.shape[1:]
        return height, width, channels

    def _digest(self) -> str:
        digest = hashlib.sha256(repr(self.class_names).encode())
        arrays: tuple[NDArray[Any], ...] = (self.train_images, self.train_labels, self.test_images, self.test_labels)
        for array in arrays:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
