"""What a run's results tell of its test examples: their labels, and pictures of those on which networks disagree."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from harness.compare import Answers, Labelled, compare, disagreements
from harness.compare.results import Results
from harness.data import Dataset
from harness.records import ExampleSet

LARGEST = 64  # pixels a side of a picture


def example_sets(datasets: Iterable[Dataset]) -> dict[str, ExampleSet]:
    """The test examples of each dataset, by their digest, without pictures."""
    found = {dataset.test_digest: dataset for dataset in datasets}
    return {
        digest: ExampleSet(class_names=dataset.class_names, labels=" ".join(map(str, dataset.test_labels.tolist())))
        for digest, dataset in found.items()
    }


def with_pictures(
    results: Results, images: Mapping[str, NDArray[np.float32]], answers: Answers | None = None
) -> Results:
    """The results with pictures of the examples that their report shows.

    `images` (N, ...) are by the sets' digests; `answers` are the results', where they are known already.
    """
    shown: dict[str, set[int]] = {}
    answers = answers or compare(results)
    labelled = Labelled.of(results, answers)
    for variant, reference in answers.swaps:
        found = disagreements(labelled, variant.key, reference.key)
        if found is not None:
            shown.setdefault(found.digest, set()).update(each.number for each in found.shown)
    sets = dict(results.example_sets)
    for digest, numbers in shown.items():
        pictures = {number: picture(images[digest][number]) for number in sorted(numbers)}
        known = {number: made for number, made in pictures.items() if made is not None}
        sets[digest] = sets[digest].model_copy(update={"pictures": known})
    return results.model_copy(update={"example_sets": sets})


def picture(image: NDArray[np.float32]) -> str | None:
    """A small PNG file of an image (H, W, 1 or 3), or with its channels first, in base64; None of what is no image.

    Values from 0 to 1 and from 0 to 255 are taken as they are; others from the least to the largest of the image.
    """
    from PIL import Image

    values = np.squeeze(image) if image.shape[-1:] != (3,) else np.asarray(image)
    if values.ndim == 3 and values.shape[0] == 3 != values.shape[-1]:
        values = np.moveaxis(values, 0, -1)
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[-1] != 3) or not np.isfinite(values).all():
        return None
    made = Image.fromarray(_eight_bits(values))
    made.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    made.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _eight_bits(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    start, reach = (low, high - low or 1.0) if low < 0 or high > 255 else (0.0, 255.0 if high > 1 else 1.0)
    shades: NDArray[np.uint8] = np.rint(255 * ((values - start) / reach)).astype(np.uint8)
    return shades
