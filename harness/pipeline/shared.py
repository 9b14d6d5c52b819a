"""Datasets in files that several processes map into their memory: there once, however many use them."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from harness.base.store import disk_errors
from harness.data import Dataset
from harness.spec import DataSpec

DATASETS = "datasets.pickle"


def share(datasets: Mapping[DataSpec, Dataset], folder: Path) -> None:
    """Write datasets into a folder; an array that several of them hold is there once.

    Raises:
        StoreError: the disk is full.
    """
    for dataset in datasets.values():
        dataset.test_digest  # noqa: B018 - kept in it from now on, so that no thread adds it while it is written
    with disk_errors(folder), (folder / DATASETS).open("wb") as file:
        _Pickler(file, folder).dump(dict(datasets))


def shared(folder: Path) -> dict[DataSpec, Dataset]:
    """The datasets that were written; their arrays are read when they are used, and can't be written to."""
    with (folder / DATASETS).open("rb") as file:
        found: dict[DataSpec, Dataset] = _Unpickler(file, folder).load()
    return found


class _Pickler(pickle.Pickler):
    def __init__(self, file: IO[bytes], folder: Path) -> None:
        super().__init__(file)
        self.folder = folder
        self.names: dict[int, str] = {}

    def persistent_id(self, value: Any) -> str | None:
        """The name of the file that holds an array; what has none is pickled."""
        if not isinstance(value, np.ndarray):
            return None
        if id(value) not in self.names:
            self.names[id(value)] = f"array-{len(self.names)}.npy"
            np.save(self.folder / self.names[id(value)], value)
        return self.names[id(value)]


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], folder: Path) -> None:
        super().__init__(file)
        self.folder = folder
        self.arrays: dict[str, Any] = {}

    def persistent_load(self, name: str) -> Any:
        """The array of a file, as any other array."""
        if name not in self.arrays:
            self.arrays[name] = np.asarray(np.load(self.folder / name, mmap_mode="r"))
        return self.arrays[name]
