"""Importing Keras says nothing on stderr, and hides nothing when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import harness

CODE = "import harness.prune, sys; print(sys.modules['keras'].__name__)"


def test_importing_keras_is_quiet() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "keras"
    assert done.stderr == ""


def test_packages_that_import_keras_themselves_do_it_quietly_first() -> None:
    """Else TensorFlow's first lines are shown by whichever of their modules happens to be imported first."""
    root = Path(harness.__file__).parent
    loud = {path.relative_to(root).parts[0] for path in root.rglob("*.py") if "\nimport keras\n" in path.read_text()}
    later = {"training"}  # imported where Keras is there already
    assert loud == {"prune", "diagnose", *later}
    for package in loud - later:
        first = next(line for line in (root / package / "__init__.py").read_text().splitlines() if "import" in line)
        assert first.startswith("from harness.base import quietly"), package


def test_a_failing_import_is_told() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "no_such_backend"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "no_such_backend" in done.stderr
