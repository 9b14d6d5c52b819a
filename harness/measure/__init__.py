"""How fast ONNX files are against each other: `harness.measure([a, b])`, all interleaved in fresh processes.

From outside: `protocol`, `measurement` and what stands beside them; of the folders, what an ONNX file is (`files`),
what it is fed (`inputs`) and the machine (`runtime`). Nothing is imported here, so that the measuring process needs
onnxruntime and NumPy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.verbs import make_verb

if TYPE_CHECKING:
    from harness.measure.protocol import measure

__all__ = ["measure"]


def __getattr__(name: str) -> Any:
    if name == "measure":
        from harness.measure.protocol import measure

        return measure
    raise AttributeError(f"module 'harness.measure' has no attribute '{name}'")


make_verb(__name__)
