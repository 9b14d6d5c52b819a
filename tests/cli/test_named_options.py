"""A message names no option that the command which can say it does not have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main

import harness
from harness.cli.app import app
from tests.cli import reach

ROOT = Path(harness.__file__).parent
RUNS_LAYERS = ("run", "frontier", "prune", "export", "diagnose")  # they may run code inside a Keras file
WITH_DATA = (*RUNS_LAYERS, "quantize", "evaluate", "bundle", "validate")
IN_A_STUDY = ("run", "report")  # may be told what to write into a study instead
# Modules that write words of one command for others to show.
SHOWN = {
    "deploy/readme.py": "validate",
    "report/commands.py": "prune",
    "report/conditions/commands.py": "bundle",
    "report/conditions/frontier.py": "frontier",
    "report/conditions/reproduce.py": "run",
    "report/headline/recommended.py": "validate",
}
UNSAID = ("cli/app.py", "measure/runtime/environment.py")  # of every command, and words for another program
# What a command's code can come to, by the names in it, and that it never says; each with the reason.
NEVER = {
    ("bundle", "measure/inputs"): "it feeds the data's examples by name, and reads no words about them",
    ("validate", "measure/inputs"): "it feeds the bundle's examples by name",
    ("run", "measure/inputs"): "a study's measure.inputs are such words, and a file's come from its data",
    ("frontier", "measure/inputs"): "what a file takes comes from its data",
    ("prune", "measure/inputs/feed.py"): "said before, of its own option, where the network can't be measured",
    ("quantize", "measure/inputs/feed.py"): "said before, of its own options, in quantize/fed.py",
    ("bundle", "prune/onnx/graph/inputs.py"): "a file that can't be read by a plan is bundled without proof",
    ("run", "prune/onnx/graph/inputs.py"): "as of measure/inputs",
    ("frontier", "prune/onnx/graph/inputs.py"): "what a file takes comes from its data",
    ("bundle", "prune/onnx/proof/verify.py"): "where it can't be told, the architecture is proved instead",
    ("frontier", "quantize"): "it quantizes nothing",
    ("run", "quantize/calibration.py"): "a study takes networks of one input, which is checked first",
    ("frontier", "measure/advice.py"): "advice on a page; `harness measure` has the option",
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
ELSEWHERE = re.compile(r"`harness (\w+)( [^`]*)?`")  # names the command that has it


@cache
def options() -> dict[str, set[str]]:
    """The options of each command."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {
        name: {opt for one in command.params for opt in (*one.opts, *one.secondary_opts)}
        for name, command in commands.items()
    }


def messages(path: Path) -> Iterator[tuple[str, int]]:
    """The strings of a module that name an option, each whole, with its line; descriptions are none."""
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
            yield text, node.lineno


def _describes_an_option(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"Option", "Argument"}
    )


def said_by(module: str, line: int) -> set[str]:
    """The commands whose code can come to a line, less those that never do."""
    dotted = "harness." + module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    parts = {
        (dotted, name)
        for name, nodes in reach.read(dotted).parts.items()
        if any(node.lineno <= line <= (node.end_lineno or line) for node in nodes)
    }
    commands = {command for command, found in can_reach().items() if parts & found}
    return {command for command in commands if not any(_within(module, place) for place in _never(command))}


@cache
def can_reach() -> dict[str, set[reach.Part]]:
    """All that each command's code can come to."""
    return {name: reach.reached(f"harness.cli.commands.{name}", name) for name in options()}


def _never(command: str) -> list[str]:
    return [place for name, place in NEVER if name == command]


def _within(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}/")


def missing(command: str, text: str) -> set[str]:
    """The options in a message that a command does not have."""
    if command in IN_A_STUDY and "in a study" in text:
        return set()
    return set(OPTION.findall(ELSEWHERE.sub("", text))) - options()[command]


def named() -> Iterator[tuple[str, int, str]]:
    """Module, line and message, for each message that names an option."""
    for path in sorted(ROOT.rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        if module not in UNSAID:
            for text, line in messages(path):
                yield module, line, text


@pytest.mark.parametrize(("module", "line", "text"), list(named()))
def test_a_message_names_options_of_each_command_that_can_say_it(module: str, line: int, text: str) -> None:
    if module in SHOWN:
        commands = {SHOWN[module]}
    else:
        commands = said_by(module, line)
        assert commands, "no command comes here: the message is dead, or tests/cli/reach.py misses a way"
    for command in sorted(commands):
        assert not missing(command, text), f"harness {command} has no {missing(command, text)}"


def test_what_is_never_said_could_be() -> None:
    """An exception that nothing needs hides what comes later."""
    for command, place in NEVER:
        found = [text for module, _, text in named() if _within(module, place) and missing(command, text)]
        assert found, f"{command} could say all that {place} says; remove it from NEVER"


def test_the_ways_of_the_code_are_found() -> None:
    """Such as imports inside functions, what a package passes on, and a module that can be called."""
    assert ("harness.measure.inputs.feed", "describe_inputs") in can_reach()["quantize"]
    assert ("harness.prune.onnx.graph.reading", "read_onnx") in can_reach()["bundle"]
    assert ("harness.measure.protocol", "measure") in can_reach()["measure"]
    assert ("harness.prune.onnx.graph.reading", "read_onnx") not in can_reach()["evaluate"]


def test_every_command_that_takes_data_takes_what_is_said_about_data() -> None:
    for command, has in options().items():
        if "--data" in has:
            assert command in WITH_DATA
            assert {"--scale", "--color", "--resize", "--limit"} <= has
            assert command not in RUNS_LAYERS or "--unsafe" in has
