"""Random inputs and random weights that keep a network's activations in a sane range."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.base.errors import ModelError
from harness.prune.keras_graph.graph import Graph, weights_of

Value = npt.NDArray[Any]
_UNKNOWN_SIZE = 96  # pixels; deep networks shrink their input 32 times
_AROUND_ONE = ("gamma", "variance", "moving_variance", "moving_stddev", "renorm_stddev", "scale")
_SMALL = 0.3


def random_inputs(graph: Graph, examples: int, seed: int, scale: float = 1.0) -> list[Value]:
    """Normally distributed inputs; for integer inputs what an Embedding that reads them knows, else 0 and 1; axes of
    unknown size get 96.

    Args:
        graph: the network to feed.
        examples: how many.
        seed: the same seed gives the same inputs.
        scale: standard deviation of those that are not integers.

    Raises:
        ModelError: an input is not a number.
    """
    generator = np.random.default_rng(seed)
    made: list[Value] = []
    for index in graph.inputs:
        shape = (examples, *(_UNKNOWN_SIZE if size is None else size for size in graph.shapes[index][1:]))
        dtype = keras.backend.standardize_dtype(graph.dtypes[index])
        if dtype.startswith("float") or dtype == "bfloat16":
            made.append(generator.normal(0.0, scale, shape).astype(np.float32))
        elif dtype.startswith(("int", "uint", "bool")):
            made.append(generator.integers(0, _words(graph, index), size=shape).astype(dtype))
        else:
            raise ModelError(f"input {index + 1} holds {dtype}; only numbers can be drawn at random")
    return made


def _words(graph: Graph, index: int) -> int:
    """How many different integers an input may hold."""
    readers = [call.op for call in graph.calls if index in call.inputs]
    return min((op.input_dim for op in readers if isinstance(op, keras.layers.Embedding)), default=2)


def random_values(graph: Graph, pruned: Graph, seed: int, gain: float = 1.0) -> dict[str, list[Any]]:
    """Random weights for every layer, by its path: He-scaled kernels, and statistics unlike each other.

    The scale is that of the pruned network's kernels, which add up fewer inputs: or else the inputs of a deep network
    that keeps little would hardly reach its outputs. Kernels are multiplied by `gain`. They are tensors, so that
    there is one copy of a large network's weights, and not two.
    """
    generator = np.random.default_rng(seed)
    return {
        path: [
            keras.ops.convert_to_tensor(_random(generator, op, weight, tuple(small.shape), gain))
            for weight, small in zip(weights_of(op), weights_of(after), strict=True)
        ]
        for (path, op), after in zip(graph.layers.items(), pruned.layers.values(), strict=True)
    }


def _random(generator: np.random.Generator, op: Any, weight: Any, pruned_shape: tuple[int, ...], gain: float) -> Value:
    shape = tuple(weight.shape)
    if "float" not in keras.backend.standardize_dtype(weight.dtype):
        return np.asarray(keras.ops.convert_to_numpy(weight.value))
    if weight.name in _AROUND_ONE:
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    deviation = gain * math.sqrt(2 / fan_in(op, weight.name, pruned_shape)) if is_kernel(weight) else _SMALL
    value = generator.standard_normal(shape, np.float32)
    value *= deviation
    return value


def is_kernel(weight: Any) -> bool:
    """Whether a weight is a kernel, by its name."""
    return "kernel" in weight.name


def fan_in(op: Any, name: str, shape: tuple[int, ...]) -> int:
    """How many inputs each output of a kernel adds up."""
    kind = type(op).__name__
    if "Depthwise" in kind or name == "depthwise_kernel":
        return max(1, math.prod(shape[:-2]))
    if "Transpose" in kind:
        return max(1, math.prod(shape[:-2]) * shape[-1])
    return max(1, math.prod(shape[:-1]))
