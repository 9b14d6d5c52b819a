"""How much of the original's answers a pruned graph keeps, on examples that nothing was chosen or solved by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from harness.measure.inputs.declared import fixed_batch
from harness.prune.onnx.graph.graph import Array, Graph, is_constant
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.records import Agreement, OutputKept

BATCH = 16
MOST = 500  # examples
PERCENTILES = (50, 90, 99)


def agreement(original: Graph, pruned: ir.Model, data: Mapping[str, Array]) -> Agreement:
    """Compare the outputs of both on examples by input name, (N, ...) each, at most 500 of them.

    Raises:
        ModelError: they don't fit the model.
    """
    count = min(MOST, *(len(array) for array in data.values()))
    names = [str(value.name) for value in original.model.graph.outputs if not is_constant(value)]
    names = [name for name in names if original.dtypes.get(name, "").startswith("float")]
    runners = [Runner(with_outputs(model, names)) for model in (original.model, pruned)]
    size = min(fixed_batch(original.inputs) or BATCH, count)
    pairs: list[list[tuple[Array, Array]]] = [[] for _ in names]
    for start in range(0, count - size + 1, size):
        feeds = {name: array[start : start + size] for name, array in data.items()}
        for found, one, other in zip(pairs, *(runner.run(feeds) for runner in runners), strict=True):
            found.extend(_examples(one, other, size))
    return Agreement(
        examples=max((len(found) for found in pairs), default=0),
        outputs={name: _kept(found) for name, found in zip(names, pairs, strict=True) if found},
    )


def _examples(one: Array, other: Array, size: int) -> list[tuple[Array, Array]]:
    """Pairs of both graphs' answers, one for each example where the first axis is the batch, else one for all."""
    if one.ndim and len(one) == size:
        return list(zip(one.astype(np.float64), other.astype(np.float64), strict=True))
    return [(one.astype(np.float64), other.astype(np.float64))]


def _kept(pairs: Sequence[tuple[Array, Array]]) -> OutputKept:
    """Whether the largest of the last axis is the same, at every place; the angle and the distance between answers."""
    a, b = (np.stack([each.ravel() for each in side]) for side in zip(*pairs, strict=True))
    lengths = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    cosine = (a * b).sum(axis=1) / np.maximum(lengths[0] * lengths[1], 1e-300)
    relative = np.linalg.norm(a - b, axis=1) / np.maximum(lengths[0], 1e-300)
    classes = pairs[0][0].shape[-1] if pairs[0][0].ndim else 1
    same = None
    if classes > 1:
        first, second = (side.reshape(-1, classes).argmax(axis=1) for side in (a, b))
        same = float((first == second).mean())
    return OutputKept(
        top1=same,
        cosine={str(100 - q): float(np.percentile(cosine, 100 - q)) for q in PERCENTILES},
        relative_error={str(q): float(np.percentile(relative, q)) for q in PERCENTILES},
    )
