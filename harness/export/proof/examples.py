"""Examples for a proof when there is no data at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.export.interface import describe

if TYPE_CHECKING:
    import keras


def random_examples(model: keras.Model, *, count: int = 64, seed: int = 0) -> list[NDArray[Any]]:
    """Uniform numbers in 0 to 1, (count, ...) for each input of the model; zeros and ones where it takes integers.

    Raises:
        ExportError: the model has no defined inputs.
        DataError: an input's size is not fixed.
    """
    generator = np.random.default_rng(seed)
    arrays = []
    for port, tensor in zip(describe(model).inputs, model.inputs, strict=True):
        sizes = [size for size in port.shape[1:] if isinstance(size, int)]
        if len(sizes) < len(port.shape) - 1:
            raise DataError(
                f"the size of the model's {port.name} is not fixed {port.shape}, so examples can't be invented; "
                "compare on data with --data NAME, or give examples to harness.export.export"
            )
        values = generator.random((count, *sizes))
        is_integer = np.issubdtype(np.dtype(tensor.dtype), np.integer)
        arrays.append((values.round() if is_integer else values).astype(tensor.dtype))
    return arrays
