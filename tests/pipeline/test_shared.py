"""Datasets in files: the same values in every process, and each array once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.data import load_all
from harness.pipeline.shared import share, shared
from harness.spec import DataSpec


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Two specs that differ in their labels share their images, in the files and in memory."""
    right, noisy = DataSpec(limit=100), DataSpec(limit=100, label_noise=0.3)
    loaded = load_all([right, noisy])
    share(loaded, tmp_path)
    found = shared(tmp_path)
    assert set(found) == {right, noisy}
    for spec, dataset in loaded.items():
        assert found[spec].digest == dataset.digest == found[spec]._digest()
        assert found[spec].test_digest == dataset.test_digest
        assert type(found[spec].train_images) is np.ndarray
        assert not found[spec].train_images.flags.writeable
    assert found[right].train_images is found[noisy].train_images
    assert len(list(tmp_path.glob("*.npy"))) == 5
