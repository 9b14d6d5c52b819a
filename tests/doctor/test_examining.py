"""All checks of this machine, really made; and the command that tells them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.commands.doctor import lines
from harness.doctor import Check, Checkup, State
from tests.cli.test_app import in_process


def checkup(*states: State) -> Checkup:
    checks = tuple(Check(subject="it", state=state, found="is so", cure="mend it") for state in states)
    return Checkup(environment={}, devices=("cpu",), checks=checks)


def test_this_machine_is_examined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every subject is told, and every line that is not good says what to do."""
    code, stdout, stderr = in_process(capsys, "doctor", "--json", "--store", str(tmp_path))
    found = Checkup.model_validate_json(stdout)
    assert json.loads(stdout)["schema_version"] == "harness-doctor/1"
    assert found.devices[0] == "cpu"
    assert code == {State.WRONG: 1, State.BROKEN: 2}.get(found.worst, 0)
    assert code < 2
    subjects = {check.subject for check in found.checks}
    assert {"versions", "onnxruntime on cpu", "CPUs", "oneDNN", "Keras", "store", "data mnist5k"} <= subjects
    assert all(check.cure for check in found.checks if check.state != State.GOOD)
    assert "try each provider" in stderr


@pytest.mark.parametrize(
    ("states", "worst", "last"),
    [
        ((), State.GOOD, "nothing to mend; models run on cpu"),
        ((State.NOTE, State.GOOD), State.NOTE, "nothing to mend; models run on cpu"),
        ((State.WRONG, State.NOTE), State.WRONG, "something is to be mended: see the lines that say wrong"),
        ((State.BROKEN, State.WRONG), State.BROKEN, "nothing can be measured here: see the lines that say broken"),
    ],
)
def test_the_worst_check_decides(states: tuple[State, ...], worst: State, last: str) -> None:
    found = checkup(*states)
    assert found.worst == worst
    assert lines(found)[-1] == last
    assert len(lines(found)) == len(states) + 1
