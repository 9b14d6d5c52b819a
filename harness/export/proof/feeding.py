"""Examples as a model of Keras takes them, as the file that was made of it takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.export.interface import describe, turned_inputs
from harness.spec import ExportSpec

if TYPE_CHECKING:
    import keras

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Feeding:
    """How a file takes examples: its inputs' names, which of them channels first, in which batches and precision."""

    names: tuple[str, ...]
    turned: tuple[int, ...]
    batch: int | None
    float16: bool

    @classmethod
    def of(cls, model: keras.Model, asked: ExportSpec) -> Feeding:
        """For a model that was exported as asked."""
        interface = describe(model)
        names = tuple(port.name for port in interface.inputs)
        return cls(names, turned_inputs(model, interface, asked.layout), asked.batch, asked.float16_inputs)

    def rounded(self, arrays: Arrays) -> Arrays:
        """The same numbers as far as the file can be given them, so that both sides compute from the same.

        Raises:
            DataError: float16 can't hold them.
        """
        if not self.float16:
            return arrays
        return [_as_float16(array).astype(array.dtype) if array.dtype == np.float32 else array for array in arrays]

    def batches(self, arrays: Arrays, batch_size: int) -> Iterator[tuple[dict[str, NDArray[Any]], int]]:
        """What to feed, by name, and how many examples of it count: a batch of a fixed size is filled up."""
        step = self.batch or batch_size
        for start in range(0, len(arrays[0]), step):
            part = [array[start : start + step] for array in arrays]
            count = len(part[0])
            if self.batch is not None:
                part = [np.resize(array, (self.batch, *array.shape[1:])) for array in part]
            fed = [self._fed(index, array) for index, array in enumerate(part)]
            yield dict(zip(self.names, fed, strict=True)), count

    def _fed(self, index: int, array: NDArray[Any]) -> NDArray[Any]:
        if index in self.turned:
            array = np.moveaxis(array, -1, 1)
        narrow = self.float16 and array.dtype == np.float32
        return np.ascontiguousarray(array, np.float16 if narrow else None)


def _as_float16(array: NDArray[Any]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float16)
    if np.isfinite(array).all() and not np.isfinite(narrow).all():
        raise DataError(
            f"float16_inputs: examples have numbers as large as {np.abs(array).max():.3g}, and float16 ends at 65504; "
            "leave it out, or scale them"
        )
    return narrow
