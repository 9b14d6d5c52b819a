"""Run a graph in onnxruntime, from memory."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from harness.base.errors import ModelError
from harness.measure.runtime.session import CPU, SessionSettings, load_runtime, reason, session_options
from harness.prune.onnx.graph.graph import SMALL, Array, Shape, to_bytes


class Runner:
    """A model in a session on the CPU.

    Raises:
        ModelError: onnxruntime can't load it.
    """

    def __init__(self, model: ir.Model | bytes, *, optimized: bool = False) -> None:
        options = session_options(
            SessionSettings(threads=2, spinning=False, optimization="all" if optimized else "none")
        )
        content = model if isinstance(model, bytes) else to_bytes(model)
        try:
            self._session: Any = load_runtime().InferenceSession(content, options, providers=[CPU], enable_fallback=0)
        except Exception as error:  # onnxruntime raises several kinds
            raise ModelError(f"onnxruntime can't load it ({reason(error)})") from None

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str] | None = None) -> list[Any]:
        """Run it once.

        Raises:
            ModelError: it does not run.
        """
        try:
            made: list[Any] = self._session.run(outputs, dict(feeds))
        except Exception as error:
            raise ModelError(f"it does not run ({reason(error)})") from None
        return made


@dataclass(frozen=True)
class Seen:
    """What a run showed: the shape and type of every tensor, and what those held that are small or wanted."""

    feeds: dict[str, Array]
    shapes: dict[str, Shape]
    dtypes: dict[str, str]
    held: dict[str, Array]


def look(runner: Runner, feeds: dict[str, Array], names: Sequence[str], wanted: Container[str] = ()) -> Seen:
    """Run a graph of which these tensors are outputs.

    Raises:
        ModelError: it does not run.
    """
    shapes: dict[str, Shape] = {name: tuple(array.shape) for name, array in feeds.items()}
    dtypes = {name: str(array.dtype) for name, array in feeds.items()}
    held: dict[str, Array] = {}
    for name, made in zip(names, runner.run(feeds, names), strict=True):
        if not isinstance(made, np.ndarray):  # a sequence or a map
            continue
        shapes[name], dtypes[name] = tuple(made.shape), str(made.dtype)
        if made.size <= SMALL or name in wanted:
            held[name] = made
    return Seen(feeds, shapes, dtypes, held)


def with_outputs(model: ir.Model, names: Sequence[str]) -> bytes:
    """The model with these tensors as its outputs."""
    import onnx

    proto = ir.to_proto(model)
    del proto.graph.output[:]
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    serialized: bytes = proto.SerializeToString()
    return serialized
