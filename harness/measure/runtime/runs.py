"""How one model is run once, in each mode. Needs onnxruntime and NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.measure.runtime.session import SessionSettings, open_session

Run = Callable[[], Any]
Array = NDArray[Any]


def _array(description: Mapping[str, Any], batch: int, rng: np.random.Generator) -> Array:
    shape = description["shape"]
    if "file" in description:
        with np.load(description["file"]) as data:
            given: Array = data[description["key"]]
        return _repeated(given, batch, shape.index(None)) if None in shape else given
    sizes = [batch if size is None else size for size in shape]
    dtype = np.dtype(description["dtype"])
    if dtype.kind == "f":
        return np.asarray(rng.random(sizes, dtype=np.float32)).astype(dtype)
    if dtype == np.uint8:
        return np.asarray(rng.integers(0, 256, sizes, dtype=np.uint8))
    return np.asarray(rng.integers(0, 2, sizes)).astype(dtype)


def _in_type(array: Array, dtype: str) -> Array:
    """Floats in another precision; anything else as it is."""
    return array.astype(dtype) if array.dtype.kind == "f" and dtype.startswith("float") else array


def _repeated(given: Array, batch: int, axis: int) -> Array:
    """As many examples along an axis as asked for, from the first on and again from there."""
    return np.ascontiguousarray(np.take(given, np.arange(batch) % given.shape[axis], axis))


@dataclass(frozen=True)
class Plan:
    """What one row runs: `names` are the model's inputs in the order of the descriptions in `inputs`.

    `dtypes` are their types, where those may be others than the descriptions': the same values in another precision.
    """

    path: str
    names: Sequence[str]
    inputs: Sequence[Mapping[str, Any]]
    batch: int
    mode: str
    seed: int
    copies: int
    dtypes: Sequence[str] = ()


def make_feed(plan: Plan, copy: int = 0) -> dict[str, Array]:
    """An array for each input, by name.

    A description is `{"shape", "dtype"}`, with None in the shape for the batch, and `{"file", "key"}` for a given
    array, which is repeated to fill the batch. Invented floats are uniform in [0, 1); unsigned bytes 0 to 255; other
    integers and bools 0 or 1.
    """
    rng = np.random.default_rng(plan.seed + copy)
    arrays = [_array(description, plan.batch, rng) for description in plan.inputs]
    if plan.dtypes:
        arrays = [_in_type(array, dtype) for array, dtype in zip(arrays, plan.dtypes, strict=True)]
    return dict(zip(plan.names, arrays, strict=True))


def make_run(session: Any, plan: Plan, settings: SessionSettings) -> Run:
    """A function without arguments that runs the model once on a batch, in the plan's mode."""
    feeds = [make_feed(plan, copy) for copy in range(plan.copies)]
    if plan.mode == "end_to_end":
        return end_to_end(session, feeds)
    _require_tensors(session, plan.mode)
    outputs = session.run(None, feeds[0])
    if plan.mode == "cuda_graph":
        session = open_session(plan.path, settings, cuda_graph=True)
        feeds = feeds[:1]
    return device_resident(session, feeds, outputs, settings.device)


def _require_tensors(session: Any, mode: str) -> None:
    """Fail where something can't be bound to memory.

    Raises:
        ValueError: an input or output is text, or a list or map.
    """
    for one in (*session.get_inputs(), *session.get_outputs()):
        if not one.type.startswith("tensor(") or one.type == "tensor(string)":
            raise ValueError(
                f"mode {mode} keeps values in the device's memory, which '{one.name}', a {one.type}, can't be; use "
                "mode end_to_end"
            )


def end_to_end(session: Any, feeds: Sequence[Mapping[str, Array]]) -> Run:
    """Host arrays in, host arrays out: what a caller of `session.run(None, feed)` waits for.

    Naming the outputs would save a call that takes 25 us about 1 us; most callers don't.
    """
    run = session.run
    if len(feeds) == 1:
        feed = feeds[0]
        return lambda: run(None, feed)
    turn = cycle(feeds)
    return lambda: run(None, next(turn))


def device_resident(session: Any, feeds: Sequence[Mapping[str, Array]], outputs: Sequence[Array], device: str) -> Run:
    """Inputs and outputs stay in the device's memory at fixed addresses; a run ends when the device is done."""
    turn = cycle([Bound(session, feed, outputs, device) for feed in feeds])

    def run() -> None:
        binding = next(turn).binding
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return run


class Bound:
    """An IOBinding, and the values it is bound to: on the CPU it does not keep their memory alive itself."""

    def __init__(self, session: Any, feed: Mapping[str, Array], outputs: Sequence[Array], device: str) -> None:
        """`outputs` are arrays of the outputs' shapes and types; their values don't matter."""
        from onnxruntime import OrtValue

        self.binding = session.io_binding()
        self.inputs = {name: OrtValue.ortvalue_from_numpy(array, device, 0) for name, array in feed.items()}
        self.outputs = [OrtValue.ortvalue_from_numpy(array, device, 0) for array in outputs]
        for name, value in self.inputs.items():
            self.binding.bind_ortvalue_input(name, value)
        for output, value in zip(session.get_outputs(), self.outputs, strict=True):
            self.binding.bind_ortvalue_output(output.name, value)
