"""Small files in the formats that datasets come in."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.data import load
from harness.spec import DataSpec

WriteIdx = Callable[..., Path]


def write_idx(path: Path, array: NDArray[Any]) -> None:
    content = (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def idx_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of IDX files: 40 training and 20 test images of 6x5, ten classes."""

    def make(ending: str = "", joint: str = "-", high: int = 10) -> Path:
        rng = np.random.default_rng(0)
        for part, count in (("train", 40), ("t10k", 20)):
            images = rng.integers(0, 256, (count, 6, 5))
            write_idx(tmp_path / f"{part}-images{joint}idx3-ubyte{ending}", images)
            write_idx(tmp_path / f"{part}-labels{joint}idx1-ubyte{ending}", np.arange(count) % high)
        return tmp_path

    return make


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., str]:
    """Saves arrays to a file and gives the dataset's name."""

    def save(**arrays: Any) -> str:
        np.savez_compressed(tmp_path / "data.npz", **arrays)
        return f"npz:{tmp_path / 'data.npz'}"

    return save


@pytest.fixture
def refusal() -> Callable[..., str]:
    """Loads what can't be loaded and gives the message, which is one line."""

    def refuse(**spec: Any) -> str:
        with pytest.raises(DataError) as caught:
            load(DataSpec(**spec))
        message = str(caught.value)
        assert "\n" not in message
        return message

    return refuse
