"""Which rule tells how names flow through which operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import onnx_ir as ir

from harness.prune.onnx.graph.site import Site

Rule = Callable[[Site], Any]
R = TypeVar("R", bound=Rule)

STANDARD = ("", "ai.onnx")
_RULES: dict[tuple[str, str], Rule] = {}


def onnx_rule(*operators: str, domain: str = "") -> Callable[[R], R]:
    """Register a function as the rule of these operators.

    The function gets a `Site` and returns the names of the node's output, or one for each output:

        @harness.prune.onnx_rule("Scale", domain="my.domain")
        def scale(site):
            names = site.names[0]
            site.weight(1, {0: site.channels(names, 1)})
            return names

    A rule for an operator that has one replaces it.
    """

    def register(function: R) -> R:
        for operator in operators:
            _RULES[domain, operator] = function
        return function

    return register


def rule_for(node: ir.Node) -> Rule | None:
    """The rule of a node's operator; None where there is none."""
    domain = "" if node.domain in STANDARD else node.domain
    return _RULES.get((domain, node.op_type))
