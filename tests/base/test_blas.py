"""One thread for linear algebra, and as many as before afterwards."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import scipy.linalg  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from harness.base import blas


def threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.mark.parametrize("rows", [np.eye(2), np.zeros((2, 2))])
def test_the_other_threads_come_back_also_after_a_failure(rows: np.ndarray) -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        with contextlib.suppress(np.linalg.LinAlgError), blas.one_thread():
            assert threads() == {1}
            np.linalg.inv(rows)
        assert threads() == {2}
