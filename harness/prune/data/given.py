"""What a caller gives: arrays to rank channels by, or examples to train on and to judge by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError

Array = npt.NDArray[Any]
EXAMPLES = 512  # more change the ranking little, and cost time


class Examples(Protocol):
    """Images (N, ...) and class numbers (N,) to train on, and others to judge by; a `harness.data.Dataset` is one."""

    @property
    def train_images(self) -> Array:
        """To train on: (N, ...)."""
        ...

    @property
    def train_labels(self) -> Array:
        """Their classes: (N,)."""
        ...

    @property
    def test_images(self) -> Array:
        """To judge by: (M, ...)."""
        ...

    @property
    def test_labels(self) -> Array:
        """Their classes: (M,)."""
        ...


@dataclass(frozen=True)
class Data:
    """Inputs and labels, one array for each input and output of the model; none where none were given."""

    examples: tuple[Array, ...]
    labels: tuple[Array, ...]
    seed: int

    @classmethod
    def of(
        cls,
        examples: Array | Sequence[Array] | None,
        labels: Array | Sequence[Array] | None,
        seed: int,
        most: int = EXAMPLES,
    ) -> Data:
        """At most so many of them, drawn by the seed."""
        inputs, targets = _arrays(examples), _arrays(labels)
        count = min((len(part) for part in (*inputs, *targets)), default=0)
        if any(len(part) != count for part in (*inputs, *targets)):
            raise PruneError(f"data: {[len(part) for part in (*inputs, *targets)]} examples; give one label an example")
        if (inputs or targets) and not count:
            raise PruneError("data: there are no examples; give some")
        chosen = np.sort(np.random.default_rng(seed).permutation(count)[:most])
        return cls(tuple(part[chosen] for part in inputs), tuple(part[chosen] for part in targets), seed)

    @classmethod
    def given(cls, data: Any, seed: int, most: int = EXAMPLES) -> Data:
        """From `inputs` or `(inputs, labels)`, or None."""
        if isinstance(data, tuple | list) and len(data) != 2:
            raise PruneError(f"data: {len(data)} parts; give images, or (images, labels)")
        examples, labels = data if isinstance(data, tuple | list) else (data, None)
        return cls.of(examples, labels, seed, most)


def _arrays(given: Array | Sequence[Array] | None) -> tuple[Array, ...]:
    if given is None:
        return ()
    return tuple(_array(part) for part in (given if isinstance(given, list | tuple) else [given]))


def _array(given: Any) -> Array:
    try:
        array = np.asarray(given)
        finite = bool(np.isfinite(array).all())
    except (TypeError, ValueError):
        raise PruneError("data: not numbers, or not all of one shape; give arrays of images and labels") from None
    if not array.ndim:
        raise PruneError(f"data: {given!r} is a single number; give arrays of images and labels")
    if not finite:
        raise PruneError("data: holds NaN or infinity; mend or remove those examples")
    return array
