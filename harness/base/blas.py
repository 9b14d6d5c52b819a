"""Linear algebra by one thread.

OpenBLAS parts a matrix that is factorised among as many threads as there are cores, and they meet at every few of its
columns, spinning until all are there. Two processes that do so on the same two cores wait for each other, thirty times
as long as 1,024 rows take; alone, two threads save a quarter of the time (bench/results/blas.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """In the block NumPy and SciPy have one thread for their linear algebra."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    """Those that are loaded; looking for them takes longer than a small matrix does."""
    import scipy.linalg  # noqa: F401 - it brings an OpenBLAS of its own
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
