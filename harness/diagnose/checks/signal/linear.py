"""Layers that are one layer in truth, since nothing between them bends."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.diagnose.evidence.evidence import Evidence
from harness.diagnose.findings import Finding, Number
from harness.diagnose.network.calls import Call, Network
from harness.diagnose.network.layers import DEPTHWISE, is_linear, kernel_shape


def no_nonlinearity(evidence: Evidence) -> Iterator[Finding]:
    """Two layers with kernels follow each other with no activation, and no max pooling, between them.

    Threshold: any such pair that is no bottleneck. A first layer narrower than both what it takes and what follows
    makes a matrix of low rank, which MobileNetV2 does on purpose (Sandler and others, 2018), and a depthwise
    convolution before a pointwise one is a separable convolution. Where nothing in the whole network bends it slows
    learning, since no more than a linear classifier can come of it; else it is a note.
    """
    network = evidence.network
    pairs = [(first, second) for first in network.calls if (second := _next_linear(network, first)) is not None]
    kernels = [call for call in network.calls if kernel_shape(call.layer)]
    whole = len(kernels) > 1 and not _bends(evidence)
    if not pairs and not whole:
        return
    first, second = pairs[0] if pairs else kernels[:2]
    yield Finding(
        kind="no-nonlinearity",
        severity="slows learning" if whole else "note",
        what=f"There is no activation between {first.name} and {second.name}",
        where=first.name,
        evidence=Number(
            value=len(pairs),
            unit="pairs of layers",
            text="from the input to the logits, the whole network is one linear function"
            if whole
            else f"of {len(kernels)} layers with kernels, {len(pairs)} lead straight into the next",
        ),
        why="A linear function of a linear function is linear: the second layer adds weights, but nothing that the "
        "first alone could not compute.",
        cure=f"Give {first.name} an activation, such as activation='relu'",
    )


def _bends(evidence: Evidence) -> bool:
    """Whether anything up to the logits is not linear."""
    head, network = evidence.head, evidence.network
    behind = [*head.hidden_by, network.producer(network.model.outputs[0])]
    return any(
        not (kernel_shape(call.layer) or is_linear(call.layer, call.activation))
        for call in network.calls
        if call.name != head.activation_layer and not any(call is other for other in behind)
    )


def _next_linear(network: Network, first: Call) -> Call | None:
    """The layer that follows `first` linearly and makes it redundant."""
    if kernel_shape(first.layer) is None or isinstance(first.layer, DEPTHWISE):
        return None
    for call in network.following(first):
        if len(call.inputs) != 1:
            return None
        if kernel_shape(call.layer) is not None:
            return None if isinstance(call.layer, DEPTHWISE) or _is_bottleneck(first, call) else call
        if call.has_weights and not is_linear(call.layer, None):
            return None
        if not is_linear(call.layer, call.activation):
            return None
    return None


def _is_bottleneck(first: Call, second: Call) -> bool:
    """Whether what is between two layers is narrower than what goes in and what comes out."""
    if len(first.shape) != len(second.shape):  # a Flatten between: every number counts
        taken, width = math.prod(first.inputs[0].shape[1:]), math.prod(first.shape)
    else:
        taken, width = math.prod((kernel_shape(first.layer) or (1,))[:-1]), first.shape[-1]
    return bool(width < min(taken, second.shape[-1]))
