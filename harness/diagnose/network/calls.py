"""What a network is to a diagnosis: one flat chain of calls, each of one layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True, eq=False)
class Call:
    """One use of a layer. `name` is the user's layer (`inner/conv_1` inside a nested model), `layer` its copy.

    `activation` is the name of the activation function where this call is nothing else. `args`, `kwargs` and
    `output` hold symbolic tensors, batch axis first; `output` is one, or what a layer makes of several. Each is equal
    to itself alone.
    """

    name: str
    layer: Any
    activation: str | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Any

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The tensors that it takes."""
        return tuple(x for x in keras.tree.flatten((self.args, dict(self.kwargs))) if is_tensor(x))

    @property
    def outputs(self) -> tuple[Any, ...]:
        """The tensors that it makes, mostly one."""
        return tuple(x for x in keras.tree.flatten(self.output) if is_tensor(x))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example's output, the first where there are several."""
        return tuple(self.outputs[0].shape[1:])

    @property
    def size(self) -> int:
        """How many numbers it makes of one example."""
        return sum(math.prod(tensor.shape[1:]) for tensor in self.outputs)

    @property
    def kind(self) -> str:
        """Its activation function where it is nothing else, or the layer's class."""
        return self.activation or type(self.layer).__name__

    @property
    def has_weights(self) -> bool:
        """Whether its layer has any, trainable or not."""
        return bool(getattr(self.layer, "weights", ()))


@dataclass(frozen=True)
class Network:
    """The copy: a model and its calls, in an order in which they run."""

    model: keras.Model
    calls: tuple[Call, ...]

    @property
    def computes_in_float16(self) -> bool:
        """Whether any of its layers does."""
        return any(getattr(call.layer, "compute_dtype", None) == "float16" for call in self.calls)

    def producer(self, tensor: Any) -> Call | None:
        """The call that makes a tensor; None for the input."""
        return next((call for call in self.calls if any(made is tensor for made in call.outputs)), None)

    def consumers(self, producer: Call) -> list[Call]:
        """The calls that take something that `producer` makes."""
        made = {id(tensor) for tensor in producer.outputs}
        return [call for call in self.calls if any(id(taken) in made for taken in call.inputs)]

    def following(self, call: Call) -> Iterator[Call]:
        """The calls after one, in turn, for as long as what each makes goes into a single other."""
        while len(consumers := self.consumers(call)) == 1:
            (call,) = consumers
            yield call

    def of_layer(self, layer: Any, values: Sequence[Any]) -> list[tuple[Any, Any]]:
        """A layer's trainable weights, each with its value of `values`, which has one for each of the model's."""
        known = {id(weight): value for weight, value in zip(self.model.trainable_variables, values, strict=True)}
        own = getattr(layer, "trainable_variables", ())
        return [(weight, known[id(weight)]) for weight in own if id(weight) in known]

    def replay(self, inputs: Any, after: Callable[[Any, Any], Any]) -> Any:
        """Call the same layers again, beginning with `inputs`.

        `after(tensor, again)` gets each of this network's tensors and what it is now, and may change that.
        """
        made = {id(self.model.inputs[0]): inputs}
        for call in self.calls:
            args, kwargs = keras.tree.map_structure(
                lambda x: made[id(x)] if is_tensor(x) else x, (call.args, dict(call.kwargs))
            )
            again = keras.tree.flatten(call.layer(*args, **kwargs))
            for tensor, value in zip(keras.tree.flatten(call.output), again, strict=True):
                made[id(tensor)] = after(tensor, value)
        return made[id(self.model.outputs[0])]


def is_tensor(value: Any) -> bool:
    """Whether it is a symbolic tensor of Keras's."""
    return isinstance(value, keras.KerasTensor)
