"""The field cases: networks and data of public reports, rebuilt small by `inputs/`, each in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_app import in_process

INPUTS = Path(__file__).parent / "inputs"


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        import json

        return json.loads(self.out)


Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the module's case, with its files built."""
    folder = tmp_path_factory.mktemp("case")
    subprocess.run([sys.executable, INPUTS / f"{request.module.CASE}.py"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def harness(case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command in the case's folder; a message on stderr is one line, and never a traceback."""
    monkeypatch.chdir(case)

    def run(*arguments: str) -> Ran:
        from harness.base.keras_import import import_keras

        capsys.readouterr()
        ran = Ran(*in_process(capsys, *arguments))
        import_keras().backend.clear_session(free_memory=False)
        assert "Traceback" not in ran.err
        return ran

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take minutes together: `make field`."""
    for item in items:
        if INPUTS.parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
