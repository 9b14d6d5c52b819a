"""A dataset's examples as the one input of a model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError
from harness.base.shapes import agrees, with_ones_of
from harness.measure.inputs.declared import GIVEN, INVENTED, ModelInput, batch_axes

Layout = Literal["as stored", "channels first"]
LOOKED_AT = 256  # examples, to see whether their numbers are whole


def fitted(where: str, wanted: ModelInput, images: NDArray[Any]) -> tuple[NDArray[Any], Layout]:
    """Examples (N, ...) in the shape that a model's input has, and how they lie there.

    Axes of length 1 are added or left out, and channels moved to the front, where only then the shape fits.

    Raises:
        DataError: the shape does not fit, or the type would lose what is in the numbers.
    """
    check_batch_first(where, wanted)
    if wanted.dtype not in GIVEN:
        raise DataError(f"{where}: takes {wanted.dtype}, and examples are numbers; give a model of numbers")
    laid = _laid(where, wanted, images)
    _check_whole(where, wanted, images)
    return laid


def check_batch_first(where: str, wanted: ModelInput) -> None:
    """Refuse an only input that has its batch elsewhere, or none.

    Raises:
        DataError: one example can't be told from the next there.
    """
    if wanted.shape is not None and (not wanted.shape or batch_axes([wanted]) != (0,)):
        raise DataError(f"{where}: takes {wanted}, whose first axis is no batch; export it with the batch first")


def open_input(wanted: ModelInput, shape: Sequence[int]) -> tuple[str, ...]:
    """`name:NxHxW:dtype` of examples of this shape for an input that can't be invented; nothing for one that can."""
    sizes = (wanted.shape or (None, None))[1:]
    if None not in sizes and wanted.dtype in INVENTED:
        return ()
    return (f"{wanted.name}:N{''.join(f'x{size}' for size in shape)}:{wanted.dtype}",)


def _laid(where: str, wanted: ModelInput, images: NDArray[Any]) -> tuple[NDArray[Any], Layout]:
    sizes = images.shape[1:]
    if wanted.shape is None:
        return images, "as stored"
    asked = wanted.shape[1:]
    alike = with_ones_of(sizes, asked)
    if agrees(alike, asked):
        return images.reshape(-1, *alike), "as stored"
    if len(sizes) == 3 and agrees((sizes[2], *sizes[:2]), asked):
        return np.moveaxis(images, -1, 1), "channels first"
    raise DataError(
        f"{where}: takes {_written(asked)} for each example, and the data has {_written(sizes)}; {_cure(sizes, asked)}"
    )


def _check_whole(where: str, wanted: ModelInput, images: NDArray[Any]) -> None:
    part = np.asarray(images[:LOOKED_AT])
    if np.dtype(wanted.dtype).kind in "iub" and part.dtype.kind == "f" and np.any(part != np.floor(part)):
        raise DataError(f"{where}: takes {wanted.dtype}, and the data's numbers are not whole; give --scale raw")


def _written(sizes: tuple[int | None, ...]) -> str:
    return "x".join("?" if size is None else str(size) for size in sizes) or "one number"


def _cure(sizes: tuple[int, ...], asked: tuple[int | None, ...]) -> str:
    """What to do where images differ in height and width alone, in either layout; else in general."""
    if len(sizes) == len(asked) == 3:
        for channels, size in ((asked[2], asked[:2]), (asked[0], asked[1:])):
            if channels in (None, sizes[2]) and None not in size:
                return f"give --resize {_written(size)}"
    return "give data of that shape"
