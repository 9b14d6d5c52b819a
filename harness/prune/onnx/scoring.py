"""The importance of every channel of an ONNX graph: from its weights, or from what it does on data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.channels.allocate import Scores
from harness.channels.channels import Channels
from harness.channels.names import Names
from harness.prune.choose.from_weights import FROM_WEIGHTS, Rows, random
from harness.prune.onnx.activations import averaged
from harness.prune.onnx.graph.dequantized import dequantized
from harness.prune.onnx.graph.graph import constant
from harness.prune.onnx.graph.trace import Trace
from harness.prune.onnx.redundancy import redundancy

Array = npt.NDArray[Any]
MEASURES: dict[str, Callable[[Array], Array]] = {
    "activation": np.abs,  # Molchanov et al., 2017
    "apoz": lambda values: (values != 0).astype(np.float64),  # Hu et al., 2016
}
RECONSTRUCTION = "reconstruction"


@dataclass(frozen=True)
class OnnxWeights:
    """The weights of a traced graph."""

    trace: Trace

    @property
    def channels(self) -> Channels:
        """The channels that they are about."""
        return self.trace.channels

    def kernels(self) -> Iterator[tuple[Names, Rows]]:
        """Every constant that computes channels; of whole numbers, what they stand for."""
        for cut in self.trace.notes.cuts:
            held = dequantized(self.trace.graph.nodes[cut.node], cut.index) if cut.makes is not None else None
            if cut.makes is not None and held is not None:
                rows = np.moveaxis(held, cut.makes, 0)
                yield self.channels.find(cut.axes[cut.makes]), rows.reshape(len(rows), -1)

    def scales(self) -> Iterator[tuple[Names, Scores]]:
        """The scale of every BatchNormalization."""
        for cut in self.trace.notes.cuts:
            node = self.trace.graph.nodes[cut.node]
            if node.op_type == "BatchNormalization" and cut.index == 1:
                yield self.channels.find(cut.axes[0]), np.asarray(constant(node.inputs[1]), np.float64)


def score(trace: Trace, importance: str, data: Mapping[str, Array] | None, seed: int) -> Scores:
    """The importance of every channel, at its root id: float64 (ids,).

    Args:
        trace: the graph.
        importance: its name.
        data: examples by input name, (N, ...) each, for an importance that looks at what channels do.
        seed: for random importance.

    Raises:
        PruneError: the importance needs gradients, or data that was not given.
    """
    if importance == "random":
        return random(trace.channels, seed)
    if importance in FROM_WEIGHTS:
        return FROM_WEIGHTS[importance](OnnxWeights(trace))
    if importance not in (*MEASURES, RECONSTRUCTION):
        raise PruneError(
            f"importance '{importance}' needs gradients, which an ONNX file does not have; use l1, l2, bn_scale, fpgm, "
            "activation, apoz or reconstruction"
        )
    if not data:
        raise PruneError(f"importance '{importance}' looks at data; give it, as data={{input: array}} or --data NAME")
    if importance == RECONSTRUCTION:
        return redundancy(trace, data, seed)
    return averaged(trace, data, MEASURES[importance])
