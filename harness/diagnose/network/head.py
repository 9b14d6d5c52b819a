"""The end of a network: where its logits are, and what stands between them and the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from harness.diagnose.network.calls import Call, Network
from harness.diagnose.network.layers import BOUNDED, is_linear


@dataclass(frozen=True)
class Head:
    """How a network makes its predictions.

    Attributes:
        logits: the symbolic tensor that the last Softmax or sigmoid takes, or the output where there is neither.
        logits_layer: the name of the layer that makes it.
        activation: what turns logits into probabilities.
        activation_layer: the name of its layer.
        hidden_by: the calls between that activation and the output.
        bounded_by: an activation with a floor or a ceiling through which the logits went last.
    """

    logits: Any
    logits_layer: str | None
    activation: Literal["softmax", "sigmoid"] | None
    activation_layer: str | None
    hidden_by: tuple[Call, ...]
    bounded_by: Call | None


def find_head(network: Network) -> Head:
    """Walk back from the output to the last Softmax or sigmoid, and on to what made the logits."""
    output = network.model.outputs[0]
    after: list[Call] = []
    tensor, last = output, None
    while (call := network.producer(tensor)) is not None and not call.has_weights and len(call.inputs) == 1:
        if call.activation in ("softmax", "sigmoid"):
            last = call
            break
        after.append(call)
        tensor = call.inputs[0]
    logits = output if last is None else last.inputs[0]
    maker = _maker(network, logits)
    activation: Any = None if last is None else last.activation
    return Head(
        logits=logits,
        logits_layer=None if maker is None else maker.name,
        activation=activation,
        activation_layer=None if last is None else last.name,
        hidden_by=() if last is None else tuple(reversed(after)),
        bounded_by=maker if maker is not None and maker.activation in BOUNDED else None,
    )


def _maker(network: Network, tensor: Any) -> Call | None:
    """The call that makes a tensor, looking through layers that only reshape it."""
    call = network.producer(tensor)
    while (
        call is not None and not call.has_weights and len(call.inputs) == 1 and is_linear(call.layer, call.activation)
    ):
        call = network.producer(call.inputs[0])
    return call
