"""An ONNX file as a network of which widths are chosen, by latency or otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from harness.base.errors import PruneError
from harness.base.store import digest
from harness.channels.allocate import Scores
from harness.channels.channels import Channels, Group
from harness.channels.removal import Removal
from harness.measure.inputs.wanted import line_up
from harness.prune.choose.amounts import free_of
from harness.prune.data.given import EXAMPLES
from harness.prune.onnx.examples import drawn
from harness.prune.onnx.graph.graph import constant
from harness.prune.onnx.graph.inputs import suggested
from harness.prune.onnx.graph.pinned import pinned
from harness.prune.onnx.graph.surgery import remove
from harness.prune.onnx.graph.trace import Trace
from harness.prune.onnx.scoring import score
from harness.prune.onnx.sizes import OnnxSizes
from harness.spec import Importance

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class OnnxNetwork:
    """An ONNX file with names on its channels; `data` are examples by input name to rank them by, `seed` draws."""

    path: Path
    found: Trace
    data: Mapping[str, Array] | None = None
    seed: int = 0

    @property
    def channels(self) -> Channels:
        """Its channels."""
        return self.found.channels

    @property
    def architecture(self) -> str:
        """Its digest."""
        return self.found.architecture

    def kernels(self) -> str:
        """Identifies the graph, whatever its weights are."""
        return digest(["onnx", self.architecture])

    def free(self) -> dict[int, Group]:
        """The groups that can lose channels, by their number."""
        check_finite(self.found)
        return free_of(self.channels, pinned(self.found))

    def scores(self, free: Mapping[int, Group], importance: Importance) -> dict[int, Scores]:
        """The importance of the channels of each of these groups: float64 (channels,)."""
        data = None if self.data is None else drawn(self.data, EXAMPLES, self.seed)
        scores = score(self.found, importance, data, self.seed)
        if not np.isfinite(scores).all():
            raise PruneError(f"importance '{importance}' is not finite on this data; look for NaN in it")
        return {index: scores[list(group.channels)] for index, group in free.items()}

    def whole(self, folder: Path) -> Path:
        """The file itself."""
        return self.path

    def write(self, removal: Removal, path: Path) -> None:
        """Write what is left of it, in one file."""
        ir.save(remove(self.found, removal), path)

    def sizes(self, free: Sequence[int], whole: Path | None = None) -> OnnxSizes:
        """The file at any widths of all groups."""
        return OnnxSizes(self.found)

    def check_measurable(self) -> None:
        """Raise PruneError where an input of the file is neither given nor can be invented."""
        given, inputs = self.found.graph.given, self.found.graph.inputs
        for one in line_up([(self.path, inputs)], given):
            if not one.is_given(given) and not one.can_be_invented:
                raise PruneError(
                    f"{self.path}: input {one.first} can't be invented, so its latency can't be measured; say what it "
                    f"takes: {suggested(inputs)}"
                )


def check_finite(found: Trace) -> None:
    """Raise PruneError where a weight that would be cut is no number."""
    for cut in found.notes.cuts:
        value = found.graph.nodes[cut.node].inputs[cut.index]
        held = constant(value)
        if value is not None and held is not None and held.dtype.kind == "f" and not np.isfinite(held).all():
            raise PruneError(f"weight '{value.name}' of '{cut.node}' holds NaN or infinity; export the model again")
