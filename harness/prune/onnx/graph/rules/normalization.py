"""Normalisation: by stored statistics (names pass) or over what is seen (what is mixed is pinned)."""

from __future__ import annotations

from collections.abc import Iterable

from harness.channels.names import Names
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site


@onnx_rule("BatchNormalization")
def batch_normalization(site: Site) -> list[Names]:
    """Names pass; scale, offset, mean and variance lie along the channels."""
    ids = site.channels(site.names[0], 1)
    for index in (1, 4):
        site.weight(index, {0: ids}, role="positive")
    for index in (2, 3):
        site.weight(index, {0: ids}, role="offset")
    return site.carried(site.names[0])


@onnx_rule("InstanceNormalization")
def instance_normalization(site: Site) -> Names:
    """Statistics are a channel's own."""
    ids = site.read(site.names[0], 1)
    site.weight(1, {0: ids}, role="positive")
    site.weight(2, {0: ids}, role="offset")
    return site.names[0]


@onnx_rule("GroupNormalization")
def group_normalization(site: Site) -> Names:
    """Statistics are those of a group of channels, so whole groups go."""
    ids = site.read(site.names[0], 1)
    rows = ids.reshape(int(site.attribute("num_groups")), -1)
    site.unify(rows[:, :1], rows, f"'{site.path}' normalises it together with no channel")
    lined = ids if site.names[1].shape == ids.shape else rows[:, 0]  # one for each group before opset 21
    site.weight(1, {0: lined}, role="positive")
    site.weight(2, {0: lined}, role="offset")
    site.setting("num_groups", lambda removal: int(removal.kept(rows[:, 0]).sum()))
    return site.names[0]


@onnx_rule("LayerNormalization", "RMSNormalization")
def layer_normalization(site: Site) -> list[Names]:
    """Statistics are those of all that lies along its axes: removing a part of it would change the rest."""
    names = site.names[0]
    first = int(site.attribute("axis", -1)) % names.ndim
    mixed(site, names, range(first, names.ndim), f"'{site.path}' normalises over its channels")
    return site.carried(names)


@onnx_rule("Softmax", "LogSoftmax", "Hardmax")
def softmax(site: Site) -> Names:
    """Mixes what lies along its axis; before opset 13, along that and all behind it."""
    names = site.names[0]
    first = int(site.attribute("axis", 1 if site.opset < 13 else -1)) % max(1, names.ndim)
    axes = range(first, names.ndim) if site.opset < 13 else (first,)
    return mixed(site, names, axes, f"'{site.path}' normalises over its channels")


@onnx_rule("LpNormalization", "MeanVarianceNormalization", "LRN")
def over_channels(site: Site) -> Names:
    """Pinned where channels are mixed."""
    names = site.names[0]
    if site.node.op_type == "LpNormalization":
        axes = [int(site.attribute("axis", -1)) % names.ndim]
    elif site.node.op_type == "LRN":
        axes = [1]
    else:
        axes = [int(axis) % names.ndim for axis in site.attribute("axes", (0, 2, 3))]
    return mixed(site, names, axes, f"'{site.path}' normalises over its channels")


def mixed(site: Site, names: Names, axes: Iterable[int], reason: str) -> Names:
    """The names after something that mixes the elements along `axes`: pinned if they vary there."""
    if set(axes) & set(site.varying(names)):
        site.pin(names, reason)
    return names
