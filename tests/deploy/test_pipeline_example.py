"""The workflow of docs/deploy.md does what it says: its own shell, run on real bundles, passes the exit code on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import harness

ROOT = Path(harness.__file__).parents[1]
# As GitHub runs a step of `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


def steps() -> list[dict[str, Any]]:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    found: list[dict[str, Any]] = workflow["jobs"]["gates"]["steps"]
    return found


def test_it_is_a_workflow_that_keeps_what_the_step_wrote() -> None:
    (gated,) = [step for step in steps() if "harness validate" in step.get("run", "")]
    assert gated["shell"] == "bash"
    kept = steps()[-1]
    assert kept["if"] == "always()"
    assert kept["with"]["path"] in gated["run"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="a step of that workflow is bash")
@pytest.mark.parametrize(
    ("gates", "code", "said"),
    [
        ("max_size_mb = 10", 0, "ship"),
        ("max_size_mb = 0.0001", 1, "::error::a gate failed, so it does not ship"),
        ("max_accuracy_drop = 0.0", 2, "::error::it can't be told: spend more time or examples, or move the bound"),
    ],
)
def test_each_exit_code_is_passed_on_with_its_meaning(
    bundle: Path, shared_bundle: Path, tmp_path: Path, gates: str, code: int, said: str
) -> None:
    shutil.move(bundle, tmp_path / "shipped")
    shutil.copytree(shared_bundle, tmp_path / "original")
    shutil.copyfile(shared_bundle.parent / "images8.npz", tmp_path / "digits.npz")
    (tmp_path / "gates.toml").write_text(gates)
    command = tmp_path / "bin" / "harness"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness "$@"\n')
    command.chmod(0o755)
    (script,) = [step["run"] for step in steps() if "harness validate" in step.get("run", "")]
    (tmp_path / "step.sh").write_text(script)
    path = os.pathsep.join((str(command.parent), os.environ["PATH"]))
    here = {"PATH": path, "PYTHONPATH": str(ROOT), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = subprocess.run(
        [*BASH, tmp_path / "step.sh"],
        cwd=tmp_path,
        env={**os.environ, **here},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == said
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("### small: ")
    assert gates.split(" ", maxsplit=1)[0] in summary
    assert (tmp_path / "gates.xml").is_file()
