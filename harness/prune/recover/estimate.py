"""What accuracy the fastest widths would have, where none are fast enough: an estimate, without training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from harness.base.errors import PruneError, TooSlowError
from harness.base.progress import Progress
from harness.prune.choose.planning import removal_of
from harness.prune.data.given import Array, Data, Examples
from harness.prune.keras_graph.surgery import remove
from harness.prune.keras_graph.trace import trace
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.reconstruct.reconstructing import reconstruct
from harness.prune.recover.recovery import check_fits, taken
from harness.records import ChannelPlan

SOLVED_FROM = 500  # images: more make an estimate little better, and a large network slow
JUDGED_BY = 1_000
SPARED = 4  # one of so many examples is spared for judging


@dataclass(frozen=True)
class Parted:
    """Examples to solve from, and others to judge by."""

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array

    @classmethod
    def of(cls, data: Any, seed: int) -> Parted | None:
        """Of `(inputs, labels)` as a caller gives them; None where there are no labels, or several inputs."""
        found = Data.given(data, seed, SOLVED_FROM + JUDGED_BY)
        if len(found.examples) != 1 or len(found.labels) != 1 or len(found.labels[0]) < SPARED:
            return None
        (images,), (labels,) = found.examples, found.labels
        count = min(JUDGED_BY, len(images) // SPARED)
        return cls(images[count:], labels[count:], images[:count], labels[:count])


@contextmanager
def estimating(
    original: keras.Model, give: Callable[[], Examples | None], seed: int, progress: Progress
) -> Iterator[None]:
    """In its block, a refusal that says which widths are the fastest also says about how accurate they would be.

    `give` gives the examples to tell that by; it is only asked where there is such a refusal.
    """
    try:
        yield
    except TooSlowError as error:
        examples = None if error.fastest is None else give()
        told = "" if examples is None else _told(original, examples, error.fastest, seed, progress)
        raise TooSlowError(f"{error}{told}", fastest=error.fastest) from None


def _told(original: keras.Model, examples: Examples, fastest: ChannelPlan, seed: int, progress: Progress) -> str:
    judging = Parted(
        examples.train_images, examples.train_labels, examples.test_images[:JUDGED_BY], examples.test_labels[:JUDGED_BY]
    )
    try:
        with progress.task("estimate the accuracy of the fastest"):
            check_fits(original, judging)
            before, after = accuracy(original, judging), estimated(original, fastest, judging, seed)
    except PruneError:  # no classifier, or too few examples: nothing that can be told
        return ""
    images = len(taken(examples, SOLVED_FROM, seed)[0])
    return (
        f"; reconstructed from {images} images and not trained, that would get an estimated {after:.1%} of "
        f"{len(judging.test_labels)} examples right, of which the original gets {before:.1%}"
    )


def estimated(original: keras.Model, plan: ChannelPlan, examples: Examples, seed: int) -> float:
    """The share of the examples that the original would get right at a plan's widths, its kernels solved again.

    Raises:
        PruneError: the examples are too few.
    """
    found = trace(original)
    model = remove(original, found, removal_of(found, plan))
    reconstruct(original, plan, model, taken(examples, SOLVED_FROM, seed), seed)
    return accuracy(model, examples)
