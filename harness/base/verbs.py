"""Modules that are verbs: `harness.prune(model)` calls their function, and `harness.prune.rule` is there too.

A package and its main function share a name here, and Python binds the name to the package as soon as anything
imports it. A module whose `__class__` is `Verb` can be called, whatever was imported first.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class Verb(ModuleType):
    """A module that is called as its function of the same name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


def make_verb(module: str) -> None:
    """Let the module be called; the last line of the module is `make_verb(__name__)`."""
    sys.modules[module].__class__ = Verb
