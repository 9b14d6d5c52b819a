"""Images of which the class is the place of a stripe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Examples:
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def stripes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images with a bright stripe, of which the place is the class."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, count)
    images = generator.normal(0, 1.0, (count, 8, 8, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 1.0
    return images, labels
