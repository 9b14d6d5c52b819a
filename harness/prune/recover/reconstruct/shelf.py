"""Tensors of many batches, kept between the passes over a network: in memory while they are few, then in files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
IN_MEMORY_BYTES = 256 * 2**20


class Shelf:
    """One side's tensors, by tensor and batch. `folder` is empty, and whoever made it removes it."""

    def __init__(self, folder: Path, in_memory_bytes: int = IN_MEMORY_BYTES) -> None:
        self.folder, self.left = folder, in_memory_bytes
        self.memory: dict[tuple[int, int], Array] = {}
        self.files: set[tuple[int, int]] = set()

    def put(self, batch: int, values: dict[int, Array]) -> None:
        """Keep what is not kept already."""
        for index, value in values.items():
            key = index, batch
            if key in self.memory or key in self.files:
                continue
            if value.nbytes <= self.left:
                self.memory[key] = value
                self.left -= value.nbytes
            else:
                np.save(self._path(key), value)
                self.files.add(key)

    def take(self, batch: int) -> dict[int, Array]:
        """All that is kept of a batch, by tensor."""
        found = {index: value for (index, each), value in self.memory.items() if each == batch}
        return found | {index: np.load(self._path((index, each))) for index, each in self.files if each == batch}

    def keep_only(self, tensors: Iterable[int]) -> None:
        """Let go of all other tensors, of every batch."""
        wanted = set(tensors)
        for key in [key for key in self.memory if key[0] not in wanted]:
            self.left += self.memory.pop(key).nbytes
        for key in [key for key in self.files if key[0] not in wanted]:
            self._path(key).unlink()
            self.files.remove(key)

    def _path(self, key: tuple[int, int]) -> Path:
        return self.folder / f"{key[0]}-{key[1]}.npy"
