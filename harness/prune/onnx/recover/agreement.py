"""How much of the original's answers a pruned graph keeps, on examples that nothing was chosen or solved by."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from harness.measure.accuracy.kept import Pairs, by_example
from harness.measure.accuracy.kept import agreement as agreement_between
from harness.prune.onnx.graph.graph import Array, Graph, is_constant
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.records import Agreement

BATCH = 16
MOST = 500  # examples


def agreement(original: Graph, pruned: ir.Model, data: Mapping[str, Array]) -> Agreement:
    """Compare the outputs of both on examples by input name, (N, ...) each, at most 500 of them.

    Raises:
        ModelError: they don't fit the model.
    """
    count = min(MOST, *(len(array) for array in data.values()))
    names = [str(value.name) for value in original.model.graph.outputs if not is_constant(value)]
    names = [name for name in names if original.dtypes.get(name, "").startswith("float")]
    runners = [Runner(with_outputs(model, names)) for model in (original.model, pruned)]
    size = min(original.batch or BATCH, count)
    pairs: dict[str, Pairs] = {name: [] for name in names}
    for start in range(0, count - size + 1, size):
        feeds = {name: array[start : start + size] for name, array in data.items()}
        for found, one, other in zip(pairs.values(), *(runner.run(feeds) for runner in runners), strict=True):
            found.extend(by_example(one, other, size))
    return agreement_between(pairs)
