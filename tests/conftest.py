"""Shared by all tests: TensorFlow computes as the product lets it and says nothing but errors; no test can hang."""

import os

import pytest

from harness.base.numerics import settle

pytest_plugins = ["tests.no_hang", "tests.s3"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
settle()


@pytest.fixture(scope="session", autouse=True)
def locks(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests wait for no measurement but their own: not for that of the process beside, nor for other work here."""
    os.environ["HARNESS_LOCKS"] = str(tmp_path_factory.mktemp("locks"))
