"""Shared by all tests: TensorFlow computes as the product lets it and says nothing but errors; no test can hang.

A test that measures waits for no measurement but its own, neither for that of the process beside nor for other work.
OpenBLAS has one thread: the threads of two processes on two cores wait for each other, spinning, a thousand times as
long as a small product takes.
"""

import os
import tempfile

from harness.base.numerics import settle

pytest_plugins = ["tests.no_hang", "tests.s3", "tests.without_tensorflow"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
locks = tempfile.TemporaryDirectory(prefix="harness-locks-")
os.environ["HARNESS_LOCKS"] = locks.name
settle()
