"""One bundle for all tests of a session, and a copy for each that changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.deploy.bundles import bundled


@pytest.fixture(scope="session")
def shared_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that no test changes; its data lies beside it."""
    return bundled(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def bundle(shared_bundle: Path, tmp_path: Path) -> Path:
    """A bundle of the test's own."""
    return Path(shutil.copytree(shared_bundle, tmp_path / "bundle"))
