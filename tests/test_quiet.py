"""Importing Keras says nothing on stderr, and hides nothing when it fails."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = "from harness.quiet import import_keras; print(import_keras().__name__)"


def test_importing_keras_is_quiet() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "keras"
    assert done.stderr == ""


def test_a_failing_import_is_told() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "no_such_backend"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "no_such_backend" in done.stderr
