"""How much each channel matters, from the gradient of the loss on data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from harness.channels.allocate import Scores
from harness.channels.names import Names
from harness.prune.choose.from_weights import add_up
from harness.prune.data.losses import loss_for
from harness.prune.keras_graph.copies import copied
from harness.prune.keras_graph.graph import weights_of
from harness.prune.keras_graph.reading import read_graph
from harness.prune.keras_graph.trace import Trace
from harness.training.recorder import GradientRecorder

Array = npt.NDArray[Any]
Gradients = dict[tuple[str, int], tuple[Array, Array]]
L = keras.layers
_BATCH = 16
_SCALE_AND_OFFSET = (0, 1)  # a BatchNormalization's weights, in Keras's order


def taylor(model: keras.Model, trace: Trace, examples: Sequence[Array], labels: Sequence[Array]) -> Scores:
    """First-order change of the loss when a channel is scaled to nothing, averaged over batches without its sign.

    For a filter it is the sum of weight times gradient; where a BatchNormalization scales the channel, that sum over
    its scale and offset, which is the channel itself. Molchanov et al., 2017, 'Pruning Convolutional Neural Networks
    for Resource Efficient Inference', and 2019, 'Importance Estimation for Neural Network Pruning'.
    """
    return _averaged(model, trace, examples, labels, np.abs)


def obd(model: keras.Model, trace: Trace, examples: Sequence[Array], labels: Sequence[Array]) -> Scores:
    """Half the second derivative of the loss by a factor on the channel, for which the squared gradient stands in.

    LeCun et al., 1990, 'Optimal Brain Damage', with a channel as the parameter that goes; the empirical Fisher
    information as its Hessian, as in Theis et al., 2018, 'Faster gaze prediction with dense networks and Fisher
    pruning', with the mean over a batch in the place of one example.
    """
    return 0.5 * _averaged(model, trace, examples, labels, np.square)


def _averaged(
    model: keras.Model,
    trace: Trace,
    examples: Sequence[Array],
    labels: Sequence[Array],
    measure: Callable[[Scores], Scores],
) -> Scores:
    """A measure of the loss's derivative by a factor on each channel, averaged over batches, added over layers."""
    normalisations = _normalisations(trace)
    scores = np.zeros(trace.channels.count)
    batches = 0
    for gradients in gradients_of(model, trace, examples, labels):
        batches += 1
        for path in trace.layers:
            scores += measure(add_up(trace.channels.count, _products(trace, path, gradients, normalisations)))
    return scores / max(batches, 1)


def _products(
    trace: Trace, path: str, gradients: Gradients, normalisations: Mapping[str, Names]
) -> Iterator[tuple[Names, Scores]]:
    """Weight times gradient of one layer's weights, added up for each channel that it computes."""
    if path in normalisations:
        for place in _SCALE_AND_OFFSET:
            value, gradient = gradients[path, place]
            yield normalisations[path], value * gradient
        return
    op, normalised = trace.graph.layers[path], {int(i) for ids in normalisations.values() for i in ids}
    for index, names in trace.layers[path].weights.items():
        name = weights_of(op)[index].name
        if (path, index) not in gradients or (names.makes is None and name != "bias"):
            continue
        ids = trace.channels.find(names.axes[0 if names.makes is None else names.makes])
        value, gradient = gradients[path, index]
        product = np.moveaxis(value * gradient, 0 if names.makes is None else names.makes, 0)
        sums = product.reshape(len(product), -1).sum(axis=1)
        chosen = np.array([int(i) not in normalised for i in ids])
        yield ids[chosen], sums[chosen]


def _normalisations(trace: Trace) -> dict[str, Names]:
    """For each BatchNormalization, by its path, the channels that it scales."""
    return {
        path: trace.channels.find(next(iter(layer.weights.values())).axes[0])
        for path, layer in trace.layers.items()
        if isinstance(trace.graph.layers[path], L.BatchNormalization) and layer.weights
    }


def gradients_of(
    model: keras.Model, trace: Trace, examples: Sequence[Array], labels: Sequence[Array]
) -> Iterator[Gradients]:
    """Weights and gradients of the loss, batch after batch, in inference mode, of a copy of the model.

    In the copy nothing is frozen, and every BatchNormalization has a scale and an offset.

    Yields:
        By layer's path and weight's number: the weight, and the gradient of the batch's mean loss, of equal shape.
    """
    copy = copied(model, _scaled_and_shifted)
    copy.trainable = True
    recorder = GradientRecorder()
    losses = [loss_for(model, number, target) for number, target in enumerate(labels)]
    runner = InferenceMode(copy)
    runner.compile(recorder, loss=losses if len(losses) > 1 else losses[0], run_eagerly=True)
    recorder.build(runner.trainable_variables)  # Keras asks it for the loss's scale before it would build it
    weights = {
        (path, index): weight
        for path, new in zip(trace.graph.layers, read_graph(copy).layers.values(), strict=True)
        for index, weight in enumerate(weights_of(new))
    }
    values = {place: np.asarray(keras.ops.convert_to_numpy(weight.value)) for place, weight in weights.items()}
    size = min(_BATCH, len(examples[0]))
    for start in range(0, len(examples[0]) - size + 1, size):
        batch = [part[start : start + size] for part in examples]
        targets = [part[start : start + size] for part in labels]
        runner.train_on_batch(batch if len(batch) > 1 else batch[0], targets if len(targets) > 1 else targets[0])
        found = recorder.recorded()
        yield {place: (values[place], found[id(w)]) for place, w in weights.items() if id(w) in found}


def _scaled_and_shifted(op: Any) -> dict[str, Any]:
    """A BatchNormalization's scale of one and offset of zero say nothing, and have the gradients that are needed."""
    if not isinstance(op, L.BatchNormalization):
        return {}
    return {"scale": True, "center": True, "gamma_initializer": "ones", "beta_initializer": "zeros"}


class InferenceMode(keras.Model):  # type: ignore[misc]
    """A network that never drops anything out and never updates its statistics, even while it is trained."""

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self.network = network

    def call(self, inputs: Any) -> Any:
        """The network's outputs, in inference mode."""
        return self.network(inputs, training=False)
