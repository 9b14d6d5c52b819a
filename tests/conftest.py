"""Shared by all tests: TensorFlow computes as the product lets it and says nothing but errors; no test can hang.

A test that measures waits for no measurement but its own, neither for that of the process beside nor for other work.
"""

import os
import tempfile

from harness.base.numerics import settle

pytest_plugins = ["tests.no_hang", "tests.s3"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
locks = tempfile.TemporaryDirectory(prefix="harness-locks-")
os.environ["HARNESS_LOCKS"] = locks.name
settle()
