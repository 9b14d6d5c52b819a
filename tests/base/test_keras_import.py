"""Importing Keras says nothing on stderr, and hides nothing when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import harness
from tests.onnx_files import cnn

RECOVERY = ("prune/recover", "prune/recover/reconstruct", "prune/recover/reconstruct/designs")
CODE = "import harness.prune, sys; harness.prune.rule; print(sys.modules['keras'].__name__)"


def test_importing_keras_is_quiet() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "keras"
    assert done.stderr == ""


def test_packages_that_import_keras_themselves_do_it_quietly_first() -> None:
    """Else TensorFlow's first lines are shown by whichever of their modules happens to be imported first."""
    root = Path(harness.__file__).parent
    loud = {path.parent for path in root.rglob("*.py") if "\nimport keras\n" in path.read_text()}
    # Imported where Keras is there already; those of the pruner by the names in its __init__, which see to it.
    later = {root / place for place in ("training", "prune", "prune/choose", "prune/data", *RECOVERY)}
    assert later < loud
    for package in loud - later:
        above = [folder for folder in (package, *package.parents) if folder.is_relative_to(root)]
        assert any(_is_quiet(folder / "__init__.py") for folder in above), package


def _is_quiet(file: Path) -> bool:
    lines = [line for line in file.read_text().splitlines() if line.startswith(("import ", "from "))]
    return bool(lines) and lines[0].startswith("from harness.base import quietly")


def test_pruning_an_onnx_file_imports_no_keras(tmp_path: Path) -> None:
    code = (
        "import sys, harness; result = harness.prune(sys.argv[1], ratio=0.5); print(result.proof.holds, "
        "'keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    file = cnn(tmp_path / "net.onnx")
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]


def test_a_failing_import_is_told() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "no_such_backend"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "no_such_backend" in done.stderr
