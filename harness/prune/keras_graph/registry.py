"""Which rule tells how names flow through which layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from harness.prune.keras_graph.site import Site

Rule = Callable[[Site], Any]
R = TypeVar("R", bound=Rule)

_RULES: dict[type | str, Rule] = {}


def rule(*kinds: type | str) -> Callable[[R], R]:
    """Register a function as the rule of these layer types; a string names a raw operation of `keras.ops`.

    The function gets a `Site` and returns the names of the layer's output, or one for each output:

        @harness.prune.rule(MyScale)
        def my_scale(site):
            names = site.names[0]
            site.weight("scale", {0: site.channels(names, -1)})
            return names

    A rule holds for the exact type, not for subclasses, since those may compute something else. A rule for a type
    that has one replaces it.
    """

    def register(function: R) -> R:
        for kind in kinds:
            _RULES[kind] = function
        return function

    return register


def rule_for(op: Any) -> Rule | None:
    """The rule of a layer or raw operation; None where there is none."""
    kind = type(op)
    if kind in _RULES:
        return _RULES[kind]
    if kind.__module__.startswith("keras.src.ops."):
        return _RULES.get(kind.__name__)
    return None
