"""Data and weights that nothing can be learned with: not numbers, labels too many, nothing to tell apart."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.stats.learned import above_chance, chance_level

MOST_READ = 5000
MOST_RIGHT = 0.9
IMBALANCED = 0.9


def data_not_finite(evidence: Evidence) -> Iterator[Finding]:
    """An image or label is NaN or infinite. Threshold: one is enough, since any sum with it is NaN too."""
    for name, values in (("images", evidence.question.images), ("labels", evidence.question.labels)):
        if values.dtype.kind != "f":
            continue
        flat = values.reshape(len(values), -1)
        bad = int((~np.isfinite(flat).all(axis=1)).sum())
        if bad:
            yield Finding(
                kind="data-not-finite",
                severity="stops learning",
                what=f"Some {name} are NaN or infinite",
                evidence=Number(value=bad, unit=name, text=f"{bad:,} of {len(values):,} {name} have such a value"),
                why="One of them in a batch makes the loss NaN, and after that step every weight is NaN.",
                cure=f"Find where they come from (a division by zero, a missing value), and mend those {name}",
            )


def weights_not_finite(evidence: Evidence) -> Iterator[Finding]:
    """A weight is NaN or infinite. Threshold: one is enough."""
    for layer in evidence.question.model.layers:
        bad = sum(int((~np.isfinite(weight)).sum()) for weight in layer.get_weights() if weight.dtype.kind == "f")
        if bad:
            yield Finding(
                kind="weights-not-finite",
                severity="stops learning",
                what="Weights are NaN or infinite",
                where=layer.name,
                evidence=Number(value=bad, unit="weights", text=f"{bad:,} weights of {layer.name} are no numbers"),
                why="Everything computed from them is NaN, whatever the input is.",
                cure="Start again from fresh weights, with a lower learning rate or after mending the data, or load "
                "weights from before the loss became NaN",
            )


def labels_for_each_image(evidence: Evidence) -> Iterator[Finding]:
    """There are not as many labels as images. Threshold: any difference."""
    images, labels = len(evidence.question.images), len(evidence.question.labels)
    if images != labels:
        yield Finding(
            kind="examples-mismatch",
            severity="stops learning",
            what=f"{images:,} images have {labels:,} labels",
            evidence=Number(value=labels - images, unit="labels too many", text="each image needs one label"),
            why="Keras refuses such data, and where one of them was cut, labels belong to the wrong images.",
            cure="Load images and labels together, and select from both in the same way",
        )


def one_class(evidence: Evidence) -> Iterator[Finding]:
    """All labels are the same. Threshold: fewer than two classes."""
    classes = evidence.labels.classes
    if classes is not None and len(classes) and classes.min() == classes.max():
        yield Finding(
            kind="one-class",
            severity="stops learning",
            what=f"Every label is {classes[0]}",
            evidence=Number(value=1, unit="class", text=f"all {len(classes):,} examples are of one class"),
            why="There is nothing to tell apart: always giving that answer has a loss of zero.",
            cure="Check how the labels were read, and that the data was shuffled before a part of it was taken",
        )


def class_imbalance(evidence: Evidence) -> Iterator[Finding]:
    """Nearly all examples are of one class. Threshold: 90 % of them; worth a note, since an accuracy misleads then."""
    classes = evidence.labels.classes
    if classes is None or len(np.unique(classes)) < 2 or chance_level(classes) < IMBALANCED:
        return
    numbers, counts = np.unique(classes, return_counts=True)
    commonest, rarest = int(numbers[counts.argmax()]), int(numbers[counts.argmin()])
    yield Finding(
        kind="class-imbalance",
        severity="note",
        what=f"{chance_level(classes):.0%} of the labels are {commonest}",
        evidence=Number(
            value=chance_level(classes),
            unit="of the examples",
            text=f"always answering {commonest} is right so often; {counts.min():,} of {len(classes):,} are {rarest}",
        ),
        why="A network that learns nothing but the commonest class looks accurate, and stays there for long, since the "
        "others hardly count in the loss.",
        cure="Give fit a class_weight, or more examples of the others, and judge each class by itself",
    )


def images_equal(evidence: Evidence) -> Iterator[Finding]:
    """All images are the same. Threshold: no number differs between any two."""
    images, classes = evidence.question.images, evidence.labels.classes
    if len(images) < 2 or not all(np.array_equal(part, images[:1].repeat(len(part), 0)) for part in _parts(images)):
        return
    blank = bool((images[0] == images[0].reshape(-1)[0]).all())
    content = f"nothing but {images[0].reshape(-1)[0]:g}" if blank else "the same picture"
    yield Finding(
        kind="images-equal",
        severity="stops learning",
        what=f"Every image is {content}",
        evidence=Number(value=1, unit="image", text=f"all {len(images):,} images are equal, number by number"),
        why="A network that gets the same image gives the same answer: no better than the commonest class"
        + ("." if classes is None else f", which is right for {chance_level(classes):.0%}."),
        cure="Look at the images as the network gets them: a folder read wrongly, a division of whole numbers "
        "(uint8 // 255 is 0), or an array made and never filled",
    )


def labels_contradict(evidence: Evidence) -> Iterator[Finding]:
    """The same image stands there with different labels.

    Threshold: so often that no network can be right on more than 90 % of the examples (slows learning), or on
    significantly more than the commonest class's share (stops it; `harness.stats.learned`). Up to 5,000 are read.
    """
    images, classes = evidence.question.images[:MOST_READ], evidence.labels.classes
    if classes is None or len(classes) < 2:
        return
    labels = classes[: len(images)]
    groups: dict[bytes, Counter[int]] = defaultdict(Counter)
    for image, label in zip(images, labels.tolist(), strict=True):
        groups[hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest()][label] += 1
    best = sum(max(group.values()) for group in groups.values()) / len(labels)
    if len(groups) < 2 or best > MOST_RIGHT:
        return
    chance = chance_level(labels)
    several = sum(group.total() for group in groups.values() if len(group) > 1)
    yield Finding(
        kind="labels-contradict",
        severity="slows learning" if above_chance(best, chance, len(labels)) else "stops learning",
        what="The same images have different labels",
        evidence=Number(
            value=best,
            unit="of the examples",
            text=f"{several:,} of {len(labels):,} examples have an image that stands there with another label too: no "
            f"network can be right on more than {best:.0%}",
        ),
        why="Whatever the network answers to such an image, it is wrong for some of them.",
        cure="Look at these images: blank ones were not loaded, copies were labelled twice, or labels were shuffled "
        "without their images",
    )


def _parts(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """In parts, so that one that differs is found before all are compared."""
    for start in range(0, len(values), 256):
        yield values[start : start + 256]
