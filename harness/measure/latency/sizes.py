"""A network's ONNX file at any widths, whoever makes it: what is timed, and which lengths follow which widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import onnx

Widths = Sequence[int]


@dataclass(frozen=True)
class Axis:
    """A length that follows the widths: `fixed`, and `each[g]` times the width of group g."""

    fixed: int
    each: tuple[tuple[int, int], ...] = ()

    def length(self, widths: Widths) -> int:
        """How long it is at these widths."""
        return self.fixed + sum(count * widths[group] for group, count in self.each)


class Sizes(Protocol):
    """The file at any widths. Its nodes have the same names at all of them."""

    @property
    def proto(self) -> onnx.ModelProto:
        """The file at full widths."""

    def kernel(self, node: onnx.NodeProto, index: int) -> tuple[Axis, ...] | None:
        """The lengths of the constant that a node of `proto` reads as this input; None where it is no constant."""

    @property
    def shapes(self) -> Mapping[str, Sequence[int]]:
        """The shapes that tensors had in a run of one example, by name; empty where they can be inferred."""

    def sized(self, widths: Widths) -> onnx.ModelProto:
        """The file at these widths, with whatever weights: latency does not look at values."""
