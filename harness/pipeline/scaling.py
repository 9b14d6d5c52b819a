"""Whether a network takes values of another scale than it is given: by what it does first, and by its answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data import Dataset
from harness.measure.accuracy.scale import MOST_EXAMPLES, Scale, answers_otherwise, cure
from harness.pipeline.networks import right_in_keras

LEAST_SPREAD = 0.01  # of what goes into the first layer with weights, where about 1 is right


def better_scale(model: Any, dataset: Dataset, scale: Scale) -> str | None:
    """Advice in one line where the network takes pixels of another scale; None where that can't be told.

    It does where the scaling that it begins with leaves hardly any difference between values from 0 to 1, and where it
    gets far more of the same test examples right on the other scale (an exact paired test, p below 0.001).
    """
    low, high = float(dataset.test_images.min()), float(dataset.test_images.max())
    if low < 0 or high > 255:
        return None
    images, labels = dataset.test_images[:MOST_EXAMPLES], dataset.test_labels[:MOST_EXAMPLES]
    return _scaled_twice(model, images, scale) or answers_otherwise(
        lambda taken: right_in_keras(model, taken, labels), images, scale
    )


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
        f"spread of {values.std():.2g}; {cure('raw', scale)}"
    )
