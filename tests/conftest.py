"""Shared by all tests: TensorFlow says nothing but errors."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
