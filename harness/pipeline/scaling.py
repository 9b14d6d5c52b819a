"""Whether a network takes values of another scale than it is given: by what it does first, and by its answers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.data import Dataset
from harness.pipeline.networks import right_in_keras

MOST_EXAMPLES = 64
SIGNIFICANCE = 0.001
LEAST_SPREAD = 0.01  # of what goes into the first layer with weights, where about 1 is right
Scale = Literal["unit", "raw"]


def better_scale(model: Any, dataset: Dataset, scale: Scale) -> str | None:
    """Advice in one line where the network takes pixels of another scale; None where that can't be told.

    It does where the scaling that it begins with leaves hardly any difference between values from 0 to 1, and where it
    gets far more of the same test examples right on the other scale (an exact paired test, p below 0.001).
    """
    low, high = float(dataset.test_images.min()), float(dataset.test_images.max())
    if low < 0 or high > 255:
        return None
    images = dataset.test_images[:MOST_EXAMPLES]
    return _scaled_twice(model, images, scale) or _answers_otherwise(model, dataset, scale)


def _scaled_twice(model: Any, images: NDArray[np.float32], scale: Scale) -> str | None:
    import keras

    from harness.prune.keras_graph.reading import read_graph

    graph = read_graph(model)
    tensor, values, own = graph.inputs[0], images, ""
    for call in graph.calls:
        if tuple(call.inputs) == (tensor,) and isinstance(
            call.op, keras.layers.Rescaling | keras.layers.Normalization | keras.layers.Identity
        ):
            tensor, values = call.outputs[0], keras.ops.convert_to_numpy(call.op(values))
            own = own or call.op.name
    if not own or values.std() >= LEAST_SPREAD or images.max() > 1:
        return None
    return (
        f"its layer {own} scales its inputs itself, and leaves these, from {images.min():.3g} to {images.max():.3g}, a "
        f"spread of {values.std():.2g}; {_cure('raw', scale)}"
    )


def _answers_otherwise(model: Any, dataset: Dataset, scale: Scale) -> str | None:
    images, labels = dataset.test_images[:MOST_EXAMPLES], dataset.test_labels[:MOST_EXAMPLES]
    small = float(images.max()) <= 1
    as_given = right_in_keras(model, images, labels)
    otherwise = right_in_keras(model, images * np.float32(255 if small else 1 / 255), labels)
    found = stats.paired_proportions(as_given, otherwise)
    if otherwise.sum() <= as_given.sum() or found.p_value >= SIGNIFICANCE:
        return None
    ranges = ("0 to 255", "0 to 1") if small else ("0 to 1", "0 to 255")
    return (
        f"with values from {ranges[0]} it gets {otherwise.mean():.0%} of {len(labels)} test examples right, with these "
        f"from {ranges[1]} {as_given.mean():.0%}; {_cure('raw' if small else 'unit', scale)}"
    )


def _cure(wanted: Scale, given: Scale) -> str:
    if wanted == given:  # raw, and stored from 0 to 1
        return "store pixels from 0 to 255"
    return f"give --scale {wanted}, or data.scale = '{wanted}' in a study"
