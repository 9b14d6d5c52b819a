"""Run a network eagerly up to its logits, with other weights than its own and with channels masked where asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.channels.names import Flags
from harness.prune.keras_graph.graph import Call, Graph, run, weights_of
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.steps import EachStep, Together
from harness.prune.keras_graph.twins import channels_last, has_channels_first, turned_last, without_activation

Value = npt.NDArray[Any]
Values = Mapping[str, Sequence[Any]]  # arrays or tensors
L = keras.layers
_MOVES = (L.Reshape, L.Flatten, L.Permute, L.Identity, L.Dropout, EachStep, Together)
_WITH_KERNEL = L.Dense | L.EinsumDense | L.Conv1D | L.Conv2D | L.Conv3D
_SQUASHING = {
    keras.activations.softmax: "softmax",
    keras.activations.sigmoid: "sigmoid",
    keras.activations.hard_sigmoid: "sigmoid",
    keras.activations.log_softmax: "log_softmax",
}
_OPERATIONS = {"Softmax": "softmax", "Sigmoid": "sigmoid", "HardSigmoid": "sigmoid", "LogSoftmax": "log_softmax"}


@dataclass(frozen=True)
class LogitNetwork:
    """A graph whose last softmax or sigmoid is looked through.

    `skipped` are the paths of layers that are only a squashing function, `twins` those of layers that end in one,
    each with a copy that ends before it; `squashed` names the function, by the number of the output. `turned` are those
    with channels first, whose twin has them last: TensorFlow runs channels first on some devices only, and there not in
    float64.
    """

    graph: Graph
    skipped: frozenset[str]
    twins: Mapping[str, Any]
    squashed: Mapping[int, str]
    turned: frozenset[str] = frozenset()

    def values(self) -> dict[str, list[Value]]:
        """The weights of every layer, by its path."""
        return {
            path: [keras.ops.convert_to_numpy(weight.value) for weight in weights_of(op)]
            for path, op in self.graph.layers.items()
        }

    def logits(
        self,
        inputs: Sequence[Value],
        values: Values | None = None,
        masks: Mapping[int, Flags] | None = None,
        fill: float = 0.0,
    ) -> list[Value]:
        """Outputs before the last squashing function, in inference mode.

        Args:
            inputs: one array for each input of the model.
            values: weights to use instead of the layers' own, by path. Nothing is written.
            masks: for each tensor, by its number, False where its elements are set to `fill` before anything reads
                them.
            fill: zero; or NaN, which whatever reads it passes on. Tensors that are not of floats are always set to 0.
        """
        tensors = {index: keras.ops.convert_to_tensor(mask) for index, mask in (masks or {}).items()}

        def step(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if "training" in kwargs:
                kwargs["training"] = False
            if call.path in self.skipped:
                return args[0]
            op = self.twins.get(call.path, call.op)
            made = channels_last(op, *args, **kwargs) if call.path in self.turned else op(*args, **kwargs)
            if not tensors.keys() & set(call.outputs):
                return made
            flat = keras.tree.flatten(made)
            return [_masked(x, tensors.get(index), fill) for index, x in zip(call.outputs, flat, strict=True)]

        own = values if values is not None else {path: self.values_of(path) for path in self.twins}
        with keras.StatelessScope(state_mapping=self._mapping(own)):
            made = [run(self.graph, part, step) for part in self._batches(inputs)]
            return [
                np.concatenate([np.asarray(keras.ops.convert_to_numpy(x), np.float64) for x in xs])
                for xs in zip(*made, strict=True)
            ]

    def _batches(self, inputs: Sequence[Value]) -> list[list[Any]]:
        """All at once; if the model states a batch size, that many at a time: its constants may have it too."""
        examples, stated = len(inputs[0]), self.graph.shapes[self.graph.inputs[0]][0]
        size = stated if stated and examples % stated == 0 else examples
        return [
            [keras.ops.convert_to_tensor(x[start : start + size]) for x in inputs] for start in range(0, examples, size)
        ]

    def values_of(self, path: str) -> list[Value]:
        """The weights of one layer."""
        return [keras.ops.convert_to_numpy(weight.value) for weight in weights_of(self.graph.layers[path])]

    def _mapping(self, values: Values) -> list[tuple[Any, Any]]:
        pairs = []
        for path, layer_values in values.items():
            op = self.twins.get(path, self.graph.layers[path])
            for weight, value in zip(weights_of(op), layer_values, strict=True):
                pairs.append((weight, keras.ops.convert_to_tensor(value, dtype=weight.dtype)))
        return pairs


def logit_network(model: keras.Model) -> LogitNetwork:
    """Find what squashes the outputs at the very end, also when a Reshape follows it."""
    graph = read_graph(model)
    skipped, twins, squashed = set(), {}, {}
    for number, output in enumerate(graph.outputs):
        call = _last_work(graph, output)
        name = None if call is None else _squashing(call)
        if call is None or name is None:
            continue
        squashed[number] = name
        if isinstance(call.op, _WITH_KERNEL):
            twins[call.path] = without_activation(call.op, graph.shapes[call.inputs[0]])
        else:
            skipped.add(call.path)
    turned = frozenset(path for path, op in graph.layers.items() if has_channels_first(op))
    shapes = {call.path: graph.shapes[call.inputs[0]] for call in graph.calls if call.path in turned}
    twins |= {path: turned_last(twins.get(path, graph.layers[path]), shape) for path, shape in shapes.items()}
    return LogitNetwork(graph, frozenset(skipped), twins, squashed, turned)


def classifying(graph: Graph) -> frozenset[str]:
    """The paths of Dense layers over whose outputs, and no others, a softmax goes that makes the model's outputs."""
    makers = {index: call for call in graph.calls for index in call.outputs}
    found = set()
    for output in graph.outputs:
        call = _last_work(graph, output)
        if call is None or _squashing(call) not in ("softmax", "log_softmax"):
            continue
        if not isinstance(call.op, L.Dense) and getattr(call.op, "axis", -1) in (-1, len(graph.shapes[output]) - 1):
            call = makers.get(call.inputs[0])
            if call is None or getattr(call.op, "activation", None) is not keras.activations.linear:
                continue
        if isinstance(call.op, L.Dense) and _only_use(graph, call):
            found.add(call.path)
    return frozenset(found)


def _last_work(graph: Graph, output: int) -> Call | None:
    """The last call before an output that does more than move elements, if nothing else uses what it makes."""
    makers = {index: call for call in graph.calls for index in call.outputs}
    call = makers.get(output)
    while call is not None and _only_use(graph, call):
        if not isinstance(call.op, _MOVES):
            return call
        call = makers.get(call.inputs[0])
    return None


def _squashing(call: Call) -> str | None:
    """The name of the squashing function that a call ends with."""
    if isinstance(call.op, L.Softmax):
        return "softmax"
    if isinstance(call.op, L.Activation | _WITH_KERNEL):
        return _SQUASHING.get(call.op.activation)
    return _OPERATIONS.get(type(call.op).__name__)


def _only_use(graph: Graph, call: Call) -> bool:
    """Whether the layer runs once and its result is used once, so that looking through it changes nothing else."""
    uses = [index for each in graph.calls for index in each.inputs] + list(graph.outputs)
    runs = sum(each.path == call.path for each in graph.calls)
    return runs == 1 and len(call.outputs) == 1 and uses.count(call.outputs[0]) == 1


def _masked(x: Any, mask: Any, fill: float) -> Any:
    if mask is None:
        return x
    value = fill if "float" in keras.backend.standardize_dtype(x.dtype) else 0
    return keras.ops.where(mask, x, keras.ops.full_like(x, value))
