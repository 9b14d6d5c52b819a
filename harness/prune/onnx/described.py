"""A pruned file says of itself where it comes from."""

from __future__ import annotations

from importlib.metadata import version

import onnx_ir as ir

from harness.base.errors import ModelError
from harness.records import ChannelPlan, Metadata

WRITERS = ("prune-harness", "onnx-ir")


def describe(pruned: ir.Model, source: str, decided: ChannelPlan) -> None:
    """Say in the file where it comes from; what the original says of labels and preprocessing still holds.

    `source` is the original's SHA-256.
    """
    try:
        before = Metadata.of(pruned.metadata_props)
    except ModelError:
        before = Metadata()
    known = {"source": source, "plan": decided, "versions": {name: version(name) for name in WRITERS}, "accuracy": None}
    before.model_copy(update=known).write_into(pruned.metadata_props)
