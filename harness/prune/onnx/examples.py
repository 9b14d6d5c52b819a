"""Examples as an ONNX file takes them: arrays by input name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import PruneError
from harness.prune.onnx.graph.graph import Graph

Array = npt.NDArray[Any]
Data = Mapping[str, Array]


def by_input(graph: Graph, data: Data | Array | None) -> Data | None:
    """Examples by input name; of a single input the array alone will do.

    Raises:
        PruneError: there are others than the model has inputs, or they have another size.
    """
    if data is None:
        return None
    names = [one.name for one in graph.inputs]
    if isinstance(data, Mapping):
        unknown = [name for name in data if name not in names]
        missing = [name for name in names if name not in data]
        if unknown or missing:
            raise PruneError(f"data: there is no input '{(unknown + missing)[0]}' in both; give {', '.join(names)}")
        return {name: np.asarray(array) for name, array in data.items()}
    if len(names) != 1:
        raise PruneError(f"data: the model has {len(names)} inputs; give arrays by name for {', '.join(names)}")
    return {names[0]: _channels_first(np.asarray(data), graph.feeds[0][names[0]].shape)}


def _channels_first(images: Array, taken: tuple[int, ...]) -> Array:
    """Images (N, H, W, C) as (N, C, H, W) where the model takes them so.

    Raises:
        PruneError: they have another size than the model takes.
    """
    if images.ndim == 4 == len(taken) and images.shape[-1] == taken[1] != images.shape[1]:
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != len(taken):
        raise PruneError(f"data: an example has the shape {images.shape[1:]}, and the model takes {taken[1:]}")
    return np.ascontiguousarray(images, np.float32)
