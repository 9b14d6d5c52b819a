"""Batches of a training that is counted in steps, on any Keras backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


class Batches(keras.utils.PyDataset):  # type: ignore[misc] # Keras has no types
    """So many batches: all examples once in random order, then all again in another. One batch at a time is copied."""

    def __init__(
        self, images: NDArray[np.float32], targets: NDArray[np.int64], batch_size: int, steps: int, seed: int
    ) -> None:
        super().__init__()
        generator = np.random.default_rng(seed)
        rounds = -(-steps * batch_size // len(images))
        order = np.concatenate([generator.permutation(len(images)) for _ in range(rounds)])
        self._images, self._targets = images, targets
        self._chosen = order[: steps * batch_size].reshape(steps, batch_size)

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Images (batch, H, W, C) and their targets."""
        chosen = self._chosen[index]
        return self._images[chosen], self._targets[chosen]
