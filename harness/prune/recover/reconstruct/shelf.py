"""Tensors of many batches, kept between the passes over a network: in memory while they are few, then in files.

A file for each tensor, in which its batches follow each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
IN_MEMORY_BYTES = 128 * 2**20


class Shelf:
    """Tensors by their number and batch. `folder` is made here; whoever gave it removes it."""

    def __init__(self, folder: Path, in_memory_bytes: int = IN_MEMORY_BYTES) -> None:
        folder.mkdir()
        self._folder, self._left = folder, in_memory_bytes
        self._memory: dict[tuple[int, int], Array] = {}
        self._filed: dict[int, dict[int, tuple[int, Any, tuple[int, ...]]]] = {}  # offset, dtype and shape

    def put(self, tensor: int, batch: int, value: Array) -> None:
        """Keep a tensor of a batch, unless it is kept already."""
        if (tensor, batch) in self._memory or batch in self._filed.get(tensor, {}):
            return
        if value.nbytes <= self._left:
            self._memory[tensor, batch] = value
            self._left -= value.nbytes
            return
        with self._path(tensor).open("ab") as file:
            self._filed.setdefault(tensor, {})[batch] = file.tell(), value.dtype, value.shape
            np.ascontiguousarray(value).tofile(file)

    def take(self, tensor: int, batch: int) -> Array:
        """What was kept."""
        if (tensor, batch) in self._memory:
            return self._memory[tensor, batch]
        offset, dtype, shape = self._filed[tensor][batch]
        count = int(np.prod(shape, dtype=np.int64))
        return np.fromfile(self._path(tensor), dtype, count, offset=offset).reshape(shape)

    def keep_only(self, tensors: Iterable[int]) -> None:
        """Let go of all other tensors, of every batch."""
        wanted = set(tensors)
        for key in [key for key in self._memory if key[0] not in wanted]:
            self._left += self._memory.pop(key).nbytes
        for tensor in self._filed.keys() - wanted:
            self._path(tensor).unlink()
            del self._filed[tensor]

    def _path(self, tensor: int) -> Path:
        return self._folder / f"{tensor}.bin"
