"""How much of one file's answers another keeps, on the same examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError
from harness.measure.runtime.environment import usable_cpus
from harness.measure.runtime.session import SessionSettings, open_session, reason
from harness.records import Agreement, OutputKept

Array = NDArray[Any]
Pairs = list[tuple[Array, Array]]
PERCENTILES = (50, 90, 99)


def agreement_of(first: Path, second: Path, feeds: Iterable[Sequence[Mapping[str, Array]]]) -> Agreement:
    """Compare the float outputs of two files of the same outputs on the CPU; a feed holds both files' arrays by name.

    Raises:
        MeasureError: a file can't be run.
    """
    settings = SessionSettings(threads=usable_cpus())
    pairs: dict[str, Pairs] = {}
    sessions = []
    for path in (first, second):
        try:
            sessions.append(open_session(path, settings))
        except Exception as error:  # onnxruntime raises many kinds
            raise MeasureError(f"{path}: can't be loaded: {reason(error)}") from None
    names = [one.name for one in sessions[0].get_outputs() if one.type in ("tensor(float)", "tensor(float16)")]
    for both in feeds:
        answers = []
        for path, session, feed in zip((first, second), sessions, both, strict=True):
            try:
                answers.append(session.run(names, dict(feed)) if names else [])  # of none, it gives all
            except Exception as error:  # as above
                raise MeasureError(f"{path}: can't be run on these examples: {reason(error)}") from None
        size = max(len(array) for array in both[0].values())
        for name, one, other in zip(names, *answers, strict=True):
            pairs.setdefault(name, []).extend(by_example(one, other, size))
    return agreement(pairs)


def agreement(pairs: Mapping[str, Pairs]) -> Agreement:
    """What pairs of answers say, by output."""
    return Agreement(
        examples=max((len(found) for found in pairs.values()), default=0),
        outputs={name: kept(found) for name, found in pairs.items() if found},
    )


def by_example(one: Array, other: Array, size: int) -> Pairs:
    """Pairs of both files' answers, one for each example where the first axis is the batch, else one for all."""
    if one.ndim and len(one) == size:
        return list(zip(one.astype(np.float64), other.astype(np.float64), strict=True))
    return [(one.astype(np.float64), other.astype(np.float64))]


def kept(pairs: Pairs) -> OutputKept:
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
