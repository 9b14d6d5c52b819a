"""One ONNX classifier on a dataset, or two against each other on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.base.errors import MeasureError
from harness.base.predicted import NO_ANSWER
from harness.base.progress import Progress, Silent
from harness.measure.accuracy.judging import commonest_share, matching
from harness.measure.accuracy.predictions import Predictions, only_input, predict
from harness.measure.files.model_file import read_model
from harness.measure.inputs.examples import Layout, fitted
from harness.records import Record
from harness.spec import Device
from harness.stats.learned import above_chance


@dataclass(frozen=True, eq=False)
class Examples:
    """What models are judged on: `images` (N, ...), `labels` int64 (N,), and a name for each class.

    `name` is what they are called, and `digest` tells whether two are the same.
    """

    name: str
    images: NDArray[Any]
    labels: NDArray[np.int64]
    class_names: Sequence[str]
    digest: str


class Share(Record):
    """How many of the examples were answered right, as a share with its 95 % interval (Wilson's)."""

    hits: int
    examples: int
    value: float
    low: float
    high: float


class ClassShare(Record):
    """The same of one class; `taken_for` is the commonest wrong answer to it, given `mistaken` times."""

    name: str
    share: Share
    taken_for: str | None
    mistaken: int


class EvaluatedModel(Record):
    """One file. `correct` has one character an example in order, `1` where the answer was right.

    `no_answer` counts the examples with a NaN among the outputs: they are wrong. `classes` are those with examples.
    """

    path: str
    sha256: str
    device: str
    layout: Layout
    correct: str
    accuracy: Share
    above_chance: bool
    no_answer: int
    classes: tuple[ClassShare, ...]


class Difference(Record):
    """The second file's accuracy minus the first's, on the same examples: of all, or of one class by its `name`.

    The interval is Newcombe's for paired proportions, `p_value` McNemar's, exact; that of a class is corrected for the
    number of classes (Holm).
    """

    name: str
    value: float
    low: float
    high: float
    only_first: int
    only_second: int
    p_value: float
    verdict: stats.Preference


class Evaluation(Record):
    """One file or two on the same examples. `chance` is what always giving the commonest class would score."""

    schema_version: Literal["harness-evaluation/1"] = "harness-evaluation/1"
    data: str
    digest: str
    examples: int
    chance: float
    models: tuple[EvaluatedModel, ...]
    difference: Difference | None = None
    by_class: tuple[Difference, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the answer is no: the second file is worse, or the only one is no better than chance."""
        if self.difference is not None:
            return self.difference.verdict == "worse"
        return not self.models[0].above_chance


def evaluate_files(
    paths: Sequence[Path], examples: Examples, *, device: Device = "auto", progress: Progress | None = None
) -> Evaluation:
    """One file's accuracy, of all and by class; of two files also how they differ.

    Raises:
        MeasureError: a file is no classifier of one input, or tells another number of classes apart than the data.
        DataError: the examples don't fit its input.
        DeviceError: `device` is `cuda` and any part of a model falls to the CPU.
    """
    if len(paths) > 1:  # what can't be done is told before the work, also of the second
        for path in paths:
            check_first(path, examples, device)
    found = [_evaluated(path, examples, device, progress or Silent()) for path in paths]
    paired = _paired([model.correct for model in found], examples) if len(found) == 2 else ()
    return Evaluation(
        data=examples.name,
        digest=examples.digest,
        examples=len(examples.labels),
        chance=commonest_share(examples.labels),
        models=tuple(found),
        difference=paired[0] if paired else None,
        by_class=paired[1:],
    )


def check_first(path: Path, examples: Examples, device: Device) -> None:
    """Run a file on the first example alone, or on the first batch of the only size that it takes.

    Raises:
        MeasureError, DataError, DeviceError: as `evaluate_files` does.
    """
    wanted = only_input(read_model(path))
    images, _ = fitted(str(path), wanted, examples.images[: (wanted.shape or (None,))[0] or 1])
    _check_classes(path, predict(path, images, device=device), len(examples.class_names))


def _evaluated(path: Path, examples: Examples, device: Device, progress: Progress) -> EvaluatedModel:
    file = read_model(path)
    images, layout = fitted(str(path), only_input(file), examples.images)
    found = predict(path, images, device=device, progress=progress)
    _check_classes(path, found, len(examples.class_names))
    correct = matching(path, found.classes, examples.labels)
    accuracy = _share(correct)
    return EvaluatedModel(
        path=str(path),
        sha256=file.sha256,
        device=found.device,
        layout=layout,
        correct="".join(np.where(correct, "1", "0")),
        accuracy=accuracy,
        above_chance=above_chance(accuracy.value, commonest_share(examples.labels), accuracy.examples),
        no_answer=int((found.classes == NO_ANSWER).sum()),
        classes=tuple(_of_class(found.classes.reshape(-1), examples, label) for label in np.unique(examples.labels)),
    )


def _check_classes(path: Path, found: Predictions, classes: int) -> None:
    if found.n_class is not None and found.n_class != classes:
        raise MeasureError(
            f"{path}: tells {found.n_class} classes apart, and the data has {classes}; give the data that it was "
            "trained for (an npz with `class_names` says how many classes there are)"
        )


def _share(correct: NDArray[np.bool_]) -> Share:
    hits, examples = int(correct.sum()), len(correct)
    low, high = stats.wilson(hits, examples)
    return Share(hits=hits, examples=examples, value=hits / examples, low=low, high=high)


def _of_class(answers: NDArray[np.int64], examples: Examples, label: int) -> ClassShare:
    own = answers[examples.labels == label]
    wrong, counts = np.unique(own[(own != label) & (own >= 0)], return_counts=True)
    taken = int(wrong[counts.argmax()]) if len(wrong) else None
    return ClassShare(
        name=examples.class_names[label],
        share=_share(own == label),
        taken_for=None if taken is None else _name(examples.class_names, taken),
        mistaken=int(counts.max()) if len(wrong) else 0,
    )


def _name(names: Sequence[str], number: int) -> str:
    """A class's name; its number where the model gives one that the data does not have."""
    return names[number] if number < len(names) else str(number)


def _paired(corrects: Sequence[str], examples: Examples) -> tuple[Difference, ...]:
    """The difference of all, then of each class that has examples."""
    first, second = (np.array(list(correct)) == "1" for correct in corrects)
    labels = np.unique(examples.labels)
    found = [stats.paired_proportions(first[own], second[own]) for own in (examples.labels == one for one in labels)]
    adjusted = stats.holm([one.p_value for one in found])
    whole = stats.paired_proportions(first, second)
    named = [("all", whole, whole.p_value)]
    named += [(examples.class_names[label], one, p) for label, one, p in zip(labels, found, adjusted, strict=True)]
    return tuple(
        Difference(
            name=name,
            value=one.difference,
            low=one.low,
            high=one.high,
            only_first=one.only_baseline,
            only_second=one.only_candidate,
            p_value=p,
            verdict=stats.preference(one.difference, p),
        )
        for name, one, p in named
    )
