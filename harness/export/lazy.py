"""Weights of a graph that are computed when they are read, and not kept: a large network has no copy of them there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

Compute = Callable[[], NDArray[Any]]


def lazy(compute: Compute, dtype: ir.DataType, shape: tuple[int, ...]) -> ir.LazyTensor:
    """A tensor of that type and shape whose numbers `compute` gives, each time that they are asked for."""
    return ir.LazyTensor(lambda: ir.tensor(np.ascontiguousarray(compute())), dtype=dtype, shape=ir.Shape(shape))


def changed(
    tensor: ir.TensorProtocol, change: Callable[[NDArray[Any]], NDArray[Any]], shape: tuple[int, ...]
) -> ir.TensorProtocol:
    """A tensor after a change that keeps its type and gives it that shape; as lazy as the tensor is."""
    if isinstance(tensor, ir.LazyTensor):
        return lazy(lambda: change(tensor.numpy()), tensor.dtype, shape)
    return ir.tensor(np.ascontiguousarray(change(tensor.numpy())))
