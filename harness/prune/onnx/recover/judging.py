"""What an ONNX graph does not keep at other widths, once its kernels are solved again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.base.errors import ModelError, PruneError
from harness.prune.choose.planning import removal_of
from harness.prune.onnx.examples import drawn, split
from harness.prune.onnx.graph.graph import Array
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.prune.onnx.graph.surgery import remove
from harness.prune.onnx.graph.trace import Trace
from harness.prune.onnx.proof.outputs import compared
from harness.prune.onnx.recover.examples import Examples
from harness.prune.onnx.recover.reconstructing import reconstruct_onnx
from harness.prune.recover.missed import share_missed
from harness.records import ChannelPlan
from harness.spec import RECONSTRUCT_IMAGES


@dataclass(frozen=True)
class OnnxJudge:
    """A graph with names, and examples by input name, (N, ...) each."""

    found: Trace
    data: Mapping[str, Array]
    seed: int

    @classmethod
    def of(cls, found: Trace, data: Mapping[str, Array] | None, seed: int) -> OnnxJudge | None:
        """By as many of the examples as are reconstructed from; None where there are none."""
        return None if data is None else cls(found, drawn(data, RECONSTRUCT_IMAGES, seed), seed)

    @property
    def examples(self) -> int:
        """How many there are to solve from and to judge by."""
        return max(map(len, self.data.values()))

    def missed(self, plan: ChannelPlan) -> float | None:
        """The share of the squares of the original's outputs that is missed, on examples that nothing is solved from.

        None where the examples are too few, or do not fit.
        """
        removal = removal_of(self.found, plan)
        cut = remove(self.found, removal)
        solved, others = split(self.data)
        if others is None:
            return None
        try:
            reconstruct_onnx(self.found, removal, cut, solved, self.seed)
            feeds = Examples.of(self.found.graph, others, self.seed).feeds
            names = compared(self.found, removal)
            runners = [Runner(with_outputs(model, names)) for model in (self.found.graph.model, cut)]
            return share_missed(
                pair for feed in feeds for pair in zip(*(runner.run(feed) for runner in runners), strict=True)
            )
        except (PruneError, ModelError):
            return None
