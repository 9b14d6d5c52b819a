"""What a classifier answers, and how often it is right."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.answers import LOGIT, answered
from harness.prune.data.given import Examples
from harness.prune.data.losses import threshold_for

Array = npt.NDArray[Any]


def accuracy(model: keras.Model, examples: Examples) -> float:
    """The share of test images whose likeliest class is right; a single output says whether it is class 1."""
    outputs = outputs_of(model, examples.test_images)
    threshold = threshold_for(model) if outputs.shape[-1] == 1 else LOGIT
    found = answered(outputs, threshold).reshape(len(outputs), -1)
    return float((found == examples.test_labels.reshape(len(outputs), -1)).mean())


def outputs_of(model: keras.Model, images: Array, batch_size: int = 128) -> Array:
    """What a model says about each image, in inference mode: float32 (N, ...).

    Unlike `predict` it compiles nothing, which takes longer than most test sets.
    """
    starts = range(0, len(images), batch_size)
    batches = [model(images[start : start + batch_size], training=False) for start in starts]
    return np.concatenate([keras.ops.convert_to_numpy(batch) for batch in batches])
