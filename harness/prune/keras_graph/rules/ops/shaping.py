"""Raw `keras.ops` that only move elements."""

from __future__ import annotations

import numpy as np

from harness.channels.names import Names, along, spread, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.merging import joined, operand
from harness.prune.keras_graph.rules.shaping import carried, padded, reshaped, shrink_target
from harness.prune.keras_graph.site import Site


@rule("Reshape")
def reshape(site: Site) -> Names:
    """Names move as elements do; the new shape shrinks along the axis that loses channels."""
    names = reshaped(site, site.names[0], unknown=None in site.shapes[0][1:])
    shrink_target(site, names, "newshape", tuple(site.op.newshape), first=0)
    return names


@rule("Transpose")
def transpose(site: Site) -> Names:
    """Axes change places."""
    axes = site.op.axes if site.op.axes is not None else range(site.names[0].ndim)[::-1]
    return _moved(site, site.names[0].transpose(axes))


@rule("Moveaxis")
def moveaxis(site: Site) -> Names:
    """Axes change places."""
    return _moved(site, np.moveaxis(site.names[0], site.op.source, site.op.destination))


@rule("Swapaxes")
def swapaxes(site: Site) -> Names:
    """Two axes change places."""
    return _moved(site, np.swapaxes(site.names[0], site.op.axis1, site.op.axis2))


@rule("ExpandDims", "Squeeze")
def axes_of_size_one(site: Site) -> Names:
    """Axes of size 1 come and go; the order of elements stays."""
    return _moved(site, reshaped(site, site.names[0], unknown=False))


def _moved(site: Site, names: Names) -> Names:
    """Names of the output, provided that the batch axis is still the first."""
    if names.shape != site.out_shape or site.out_shapes[0][0] != site.shapes[0][0]:
        return site.pin_all(f"'{site.call.path}' moves the batch axis")[0]
    return names


@rule("Concatenate")
def concatenate(site: Site) -> Names:
    """Names are joined as the tensors are. A constant among them has none."""
    return joined(site, [operand(site, value) for value in site.call.args[0]], site.op.axis)


@rule("Stack")
def stack(site: Site) -> Names:
    """Tensors become places along a new axis; those that stand beside each other go together."""
    for value in site.call.args[0]:
        site.unify(site.names[0], operand(site, value), f"'{site.call.path}' lines it up with no channel")
    rank = len(site.out_shape)
    return np.broadcast_to(np.expand_dims(site.names[0], site.op.axis % rank), site.out_shape)


@rule("Flip")
def flip(site: Site) -> Names:
    """Elements change their order along some axes."""
    names = site.names[0]
    for axis in varying_axes(site.find(names)):
        if site.op.axis is None or axis in {each % names.ndim for each in np.atleast_1d(site.op.axis)}:
            return np.flip(names, axis)
    return names


@rule("Repeat")
def repeat(site: Site) -> Names:
    """Each place along the axis, several times."""
    names, repeats = site.names[0], site.op.repeats
    if site.op.axis is None or not isinstance(repeats, int):
        return site.pin_all(f"'{site.call.path}' repeats elements unevenly")[0]
    axis = site.op.axis % names.ndim
    if axis in varying_axes(site.find(names)):
        return spread(np.repeat(along(names, axis), repeats), site.out_shape, axis)
    return carried(site, "")


@rule("Tile")
def tile(site: Site) -> Names:
    """The whole tensor several times along its axes."""
    names, repeats = site.names[0], np.atleast_1d(site.op.repeats)
    if len(repeats) != names.ndim or repeats[0] != 1:
        return site.pin_all(f"'{site.call.path}' repeats the batch or adds axes")[0]
    for axis in varying_axes(site.find(names)):
        return spread(np.tile(along(names, axis), int(repeats[axis])), site.out_shape, axis)
    return carried(site, "")


@rule("Roll", "Resize")
def spatial(site: Site) -> Names:
    """Names pass, unless channels lie along an axis that is moved or resized."""
    names = site.names[0]
    axes = getattr(site.op, "axis", ())
    rolled = range(names.ndim) if axes is None else {each % names.ndim for each in np.atleast_1d(axes)}
    if {*rolled} & {*varying_axes(site.find(names))}:
        return site.pin_all(f"'{site.call.path}' moves its channels")[0]
    return carried(site, f"'{site.call.path}' changes the size of the axis along which they lie")


@rule("Pad")
def pad(site: Site) -> Names:
    """A channel's border belongs to the channel; along the channels themselves, padding is no channel."""
    names = site.names[0]
    pairs = np.broadcast_to(np.asarray(site.op.pad_width), (names.ndim, 2)).tolist()
    if site.op.mode != "constant" and any(any(pairs[axis]) for axis in varying_axes(site.find(names))):
        return site.pin_all(f"'{site.call.path}' pads channels with copies of others")[0]
    return padded(site, [tuple(pair) for pair in pairs])
