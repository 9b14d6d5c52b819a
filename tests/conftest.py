"""Shared by all tests: TensorFlow computes as the product lets it and says nothing but errors; no test can hang."""

import os

from harness.base.numerics import settle

pytest_plugins = ["tests.no_hang", "tests.s3"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
settle()
