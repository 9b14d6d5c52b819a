"""Tensors between passes: in memory while they fit, then in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.prune.recover.reconstruct.shelf import Shelf


def tensor(number: int, batch: int) -> np.ndarray:
    return np.random.default_rng([number, batch]).normal(size=(3, 4, batch + 1)).astype(np.float32)


@pytest.mark.parametrize("in_memory_bytes", [0, 100, 10**6])
def test_what_is_put_comes_back(tmp_path: Path, in_memory_bytes: int) -> None:
    shelf = Shelf(tmp_path / "shelf", in_memory_bytes)
    for batch in range(3):
        for number in (7, 8):
            shelf.put(number, batch, tensor(number, batch).swapaxes(0, 1))
    shelf.put(7, 1, np.zeros(5))  # kept already
    for batch in (2, 0, 1):
        for number in (8, 7):
            np.testing.assert_array_equal(shelf.take(number, batch), tensor(number, batch).swapaxes(0, 1))
    assert len(list((tmp_path / "shelf").iterdir())) == (0 if in_memory_bytes > 1000 else 2)


def test_what_is_let_go_leaves_no_file(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", in_memory_bytes=0)
    for number in (1, 2):
        shelf.put(number, 0, tensor(number, 0))
    shelf.keep_only({2})
    assert [path.name for path in (tmp_path / "shelf").iterdir()] == ["2.bin"]
    np.testing.assert_array_equal(shelf.take(2, 0), tensor(2, 0))
    with pytest.raises(KeyError):
        shelf.take(1, 0)
    shelf.put(1, 0, tensor(3, 0))
    np.testing.assert_array_equal(shelf.take(1, 0), tensor(3, 0))
