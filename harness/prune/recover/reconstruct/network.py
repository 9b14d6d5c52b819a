"""A network that is run call by call, in inference mode, in one go or piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from harness.prune.keras_graph.graph import Call, Graph, Ref, weights_of
from harness.prune.keras_graph.twins import channels_last, has_channels_first, turned_last
from harness.prune.recover.reconstruct.batches import Batches
from harness.prune.recover.reconstruct.designs.linear import Array
from harness.prune.recover.reconstruct.shelf import Shelf

See = Callable[[int, Any], None]


class Values(dict[int, Any]):
    """The tensors of one batch, by number; one that is not here is fetched from where it was left."""

    def __init__(self, fetch: Callable[[int], Any]) -> None:
        super().__init__()
        self._fetch = fetch

    def __missing__(self, index: int) -> Any:
        self[index] = self._fetch(index)
        return self[index]


class Network:
    """A graph whose calls can be run one after the other. It holds nothing but one batch's tensors."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._last_use = {index: number for number, call in enumerate(graph.calls) for index in call.inputs}
        self._last_use |= dict.fromkeys(graph.outputs, len(graph.calls))
        self._turned: dict[str, Any] = {}

    def live(self, number: int) -> set[int]:
        """The tensors that calls from `number` on read, or that are outputs."""
        return {index for index, last in self._last_use.items() if last >= number}

    def begun(self, inputs: Iterable[Any]) -> Values:
        """The values of one batch, of which there are only the model's inputs."""
        given = dict(zip(self.graph.inputs, inputs, strict=True))
        return Values(lambda index: self.tensor(index, given[index]))

    def tensor(self, index: int, value: Any) -> Any:
        """A value in the type that the graph says."""
        return keras.ops.convert_to_tensor(value, dtype=self.graph.dtypes[index])

    def steps(
        self, values: Values, begin: int, end: int, watched: Collection[int] = (), see: See | None = None
    ) -> Iterator[int]:
        """Run calls from `begin` to before `end`; yield each one's number while its inputs and outputs are there.

        `see` is told what the `watched` calls make before their activation.
        """
        calls = self.graph.calls
        for number in range(begin, end):
            call = calls[number]
            if number in watched and see is not None:
                plain = self.plain(number, values)
                see(number, plain)
                activation = getattr(call.op, "activation", None)
                made = plain if activation is None else activation(plain)
            else:
                made = self._run(call, values)
            values.update(zip(call.outputs, keras.tree.flatten(made), strict=True))
            yield number
            for index in (*call.inputs, *call.outputs):
                if self._last_use.get(index, -1) <= number:
                    values.pop(index, None)

    def outputs(self, values: Values) -> list[Array]:
        """The model's outputs, once all calls have run."""
        return [to_numpy(values[index]) for index in self.graph.outputs]

    def forward(self, values: Values, begin: int, end: int) -> None:
        """Run calls from `begin` to before `end`."""
        for _ in self.steps(values, begin, end):
            pass

    def plain(self, number: int, values: Values) -> Any:
        """What a layer makes before its activation."""
        call = self.graph.calls[number]
        with without_activation(call.op):
            return self._run(call, values)

    def _run(self, call: Call, values: Values) -> Any:
        args, kwargs = keras.tree.map_structure(
            lambda x: values[x.index] if isinstance(x, Ref) else x, (call.args, dict(call.kwargs))
        )
        if "training" in kwargs:
            kwargs["training"] = False
        if has_channels_first(call.op):
            return self._run_channels_last(call, args, kwargs)
        return call.op(*args, **kwargs)

    def _run_channels_last(self, call: Call, args: Any, kwargs: Any) -> Any:
        """TensorFlow runs channels first on some devices only, so another layer with the same weights does."""
        if call.path not in self._turned:
            self._turned[call.path] = turned_last(call.op, self.graph.shapes[call.inputs[0]])
        twin = self._turned[call.path]
        pairs = zip(weights_of(twin), weights_of(call.op), strict=True)
        bare = getattr(call.op, "activation", None) is keras.activations.linear
        with keras.StatelessScope(state_mapping=[(mine, own.value) for mine, own in pairs]):
            if not bare:
                return channels_last(twin, *args, **kwargs)
            with without_activation(twin):
                return channels_last(twin, *args, **kwargs)


@contextmanager
def without_activation(op: Any) -> Iterator[None]:
    """A layer without its activation for as long as the block runs."""
    own = getattr(op, "activation", None)
    if own is None:
        yield
        return
    op.activation = keras.activations.linear
    try:
        yield
    finally:
        op.activation = own


class Passage:
    """A network on its way over all batches, of which what later calls read is on a shelf.

    Its weights may change behind it, never before it: what is on the shelf is not made again.
    """

    def __init__(self, network: Network, shelf: Shelf, batches: Batches) -> None:
        self.network, self._shelf, self._batches = network, shelf, batches
        self._at = 0

    def upto(self, number: int, only: Collection[int] | None = None) -> Iterator[tuple[int, Values]]:
        """Each batch, of `only` those if given, run up to the call `number`; all must be taken.

        What is done with the values afterwards is not kept.
        """
        live = self.network.live(number) if only is None else set()
        for batch in range(len(self._batches)) if only is None else sorted(only):
            values = self._values(batch)
            self.network.forward(values, self._at, number)
            for index in live & values.keys() - set(self.network.graph.inputs):
                self._shelf.put(index, batch, to_numpy(values[index]))
            yield batch, values
        if only is None:
            self._at = number
            self._shelf.keep_only(live)

    def _values(self, batch: int) -> Values:
        places = {index: place for place, index in enumerate(self.network.graph.inputs)}

        def fetch(index: int) -> Any:
            given = index in places
            value = self._batches.part(batch, places[index]) if given else self._shelf.take(index, batch)
            return self.network.tensor(index, value)

        return Values(fetch)


def to_numpy(tensor: Any) -> Array:
    """A tensor as an array of numbers that NumPy knows itself: of bfloat16 it makes float32."""
    if isinstance(tensor, np.ndarray):
        return tensor
    if keras.backend.standardize_dtype(tensor.dtype) == "bfloat16":
        tensor = keras.ops.cast(tensor, "float32")
    return np.asarray(keras.ops.convert_to_numpy(tensor))
