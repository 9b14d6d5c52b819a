"""A network and a dataset in files, which the tests of the commands start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.prune.nets import chain, randomised


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A network whose path has spaces and Unicode in it."""
    path = tmp_path / "Größe 大" / "my net.keras"
    path.parent.mkdir()
    randomised(chain()).save(path)
    return path


@pytest.fixture
def digits(tmp_path: Path) -> str:
    """A small dataset of 12 x 12 x 3 images: a bright stripe tells the class."""
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 5
    images = generator.integers(0, 80, (200, 12, 12, 3), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 150
    np.savez(tmp_path / "stripes.npz", images=images, labels=labels)
    return f"npz:{tmp_path / 'stripes.npz'}"
