"""A message names no option that the command which can say it does not have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

import harness
from harness.cli.app import app

ROOT = Path(harness.__file__).parent
RUNS_LAYERS = ("run", "frontier", "prune", "export", "diagnose")  # they may run code inside a Keras file
WITH_DATA = (*RUNS_LAYERS, "quantize", "evaluate", "bundle", "validate")
# Which commands can say what a module says: the longest name that fits counts. A command that reads studies may be told
# what to write into one instead.
SAID_BY = {
    "data": WITH_DATA,
    "base/store/address.py": ("run", "frontier", "prune"),
    "base/keras_file.py": (*RUNS_LAYERS, "verify"),
    "training": ("run",),
    "pipeline": ("run", "frontier"),
    "prune": ("prune",),
    "prune/proof/verified.py": ("verify",),
    "prune/onnx/proof/verify.py": ("verify",),
    "diagnose": ("diagnose",),
    "doctor": ("doctor",),
    "measure": ("measure",),
    "measure/advice.py": ("measure", "run"),
    "measure/accuracy": ("evaluate",),
    "measure/accuracy/scale.py": ("run", "quantize"),
    "measure/inputs/examples.py": ("evaluate", "quantize"),
    "quantize": ("quantize",),
    "compare/between": ("compare",),
    "cli/commands/compare.py": ("compare",),
    "cli/commands/results.py": ("results",),
    "compare/frame.py": ("results",),
    "export/proof/examples.py": ("export",),
    "deploy": ("validate",),
    "deploy/bundling.py": ("bundle",),
    "deploy/source": ("bundle",),
    "deploy/readme.py": ("validate",),
    "spec/gates.py": ("validate",),
    "cli/commands/bundle.py": ("bundle",),
    "cli/commands/validate.py": ("validate",),
    "cli/options.py": ("prune",),
    "cli/commands/evaluate.py": ("evaluate",),
    "cli/commands/verify.py": ("verify",),
    "cli/onnx.py": ("prune", "verify"),
    "cli/commands/run.py": ("run",),
    "cli/commands/store.py": ("store",),
    "cli/commands/prune.py": ("prune",),
    "cli/commands/quantize.py": ("quantize",),
    "cli/commands/frontier.py": ("frontier",),
    "cli/commands/diagnose.py": ("diagnose",),
    "cli/commands/measure.py": ("measure",),
    "report/commands.py": ("prune",),
    "report/findings/chance.py": ("run", "frontier"),
    "report/tracking.py": ("results",),
    "report/conditions/frontier.py": ("frontier",),
    "report/conditions/reproduce.py": ("run",),
    "report/conditions/commands.py": ("bundle",),
    "report/headline/recommended.py": ("validate",),
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
ELSEWHERE = re.compile(r"`harness (\w+)( [^`]*)?`")  # names the command that has it


def options() -> dict[str, set[str]]:
    """The options of each command."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {
        name: {opt for one in command.params for opt in (*one.opts, *one.secondary_opts)}
        for name, command in commands.items()
    }


def messages(path: Path) -> Iterator[str]:
    """The strings of a module that name an option, each whole; descriptions of code and of options are none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {id(node) for call in ast.walk(tree) if _describes_an_option(call) for node in ast.walk(call)}
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    skipped |= {id(body.body[0].value) for body in bodies if body.body and isinstance(body.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node)}
            text = "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if OPTION.search(text):
            yield text


def _describes_an_option(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"Option", "Argument"}
    )


def named() -> Iterator[tuple[str, str, str]]:
    """Module, command and message, for each message that names an option."""
    for path in sorted(ROOT.rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        found = max(
            (part for part in SAID_BY if module == part or module.startswith(f"{part}/")), key=len, default=None
        )
        for text in messages(path):
            for command in SAID_BY[found] if found else ("?",):
                yield module, command, text


UNSAID = {"cli/app.py", "measure/runtime/environment.py"}  # of every command, and words for another program


@pytest.mark.parametrize(("module", "command", "text"), [one for one in named() if one[0] not in UNSAID])
def test_a_message_names_options_of_its_command(module: str, command: str, text: str) -> None:
    plain = ELSEWHERE.sub("", text)
    has = options()
    asked = set(OPTION.findall(plain))
    assert not asked or command in has, f"{module}: say in SAID_BY which commands say this"
    missing = asked - has.get(command, set())
    assert not missing or (command == "run" and "in a study" in text), f"harness {command} has no {missing}"


def test_every_command_that_takes_data_takes_what_is_said_about_data() -> None:
    for command, has in options().items():
        if "--data" in has:
            assert command in WITH_DATA
            assert {"--scale", "--color", "--resize", "--limit"} <= has
            assert command not in RUNS_LAYERS or "--unsafe" in has
