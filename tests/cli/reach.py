"""Which parts of the code a command can come to, by the names that its code uses; an estimate from above.

A part is a function, class or constant of a module, `(module, name)`. A class is one part with its methods.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import harness

ROOT = Path(harness.__file__).parent
Part = tuple[str, str]


@dataclass
class Module:
    """Its parts by name, and what the names that it imports stand for: another module's part, or a module."""

    parts: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str | None]] = field(default_factory=dict)


def path_of(module: str) -> Path | None:
    """The file of a module of ours; None of any other."""
    place = ROOT.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if module.split(".", maxsplit=1)[0] == "harness" and path.is_file():
            return path
    return None


@cache
def read(module: str) -> Module:
    """A module's parts and imports, those inside functions too."""
    found, path = Module(), path_of(module)
    assert path is not None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None and path_of(node.module) is not None:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                known = (whole, None) if path_of(whole) is not None else (node.module, alias.name)
                found.imported[alias.asname or alias.name] = known
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname and path_of(alias.name) is not None:
                    found.imported[alias.asname] = (alias.name, None)
    for node in tree.body:
        for name in _defined(node):
            found.parts.setdefault(name, []).append(node)
    return found


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


def reached(module: str, name: str) -> set[Part]:
    """Everything that a part can come to, itself too."""
    found: set[Part] = set()
    pending = [(module, name)]
    while pending:
        part = pending.pop()
        if part not in found:
            found.add(part)
            pending += _used(part)
    return found


@cache
def _used(part: Part) -> frozenset[Part]:
    module, name = part
    own = read(module)
    if name not in own.parts:  # what a package passes on, or makes of itself when it is asked
        return frozenset(_named(own, module, name)) if name in own.imported else frozenset()
    words = {each for node in own.parts[name] for each in _names(node)}
    return frozenset(each for one in words for each in _resolved(own, module, one))


def _names(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """The names that code uses, `a` and `a.b`, without those in annotations, which are only read by people."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield (node.value.id, node.attr)
        return
    if isinstance(node, ast.Name):
        yield (node.id,)
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _names(child)


def _resolved(own: Module, module: str, words: tuple[str, ...]) -> Iterator[Part]:
    name = words[0]
    if name in own.imported:
        target, inside = own.imported[name]
        if inside is None and len(words) > 1:
            yield from _named(read(target), target, words[1])
            return
    yield from _named(own, module, name)


def _named(own: Module, module: str, name: str) -> Iterator[Part]:
    if name in own.imported:
        target, inside = own.imported[name]
        if inside is not None:
            yield (target, inside)
            return
        verb = name if name in read(target).imported else None  # a module that can be called: harness/base/verbs.py
        if verb is not None:
            yield (target, verb)
    elif name in own.parts:
        yield (module, name)
