"""EinsumDense."""

from __future__ import annotations

import math

import keras
import numpy as np

from harness.channels.names import Names, along, nameless, spread, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.activations import activated
from harness.prune.keras_graph.rules.shaping import shrink_target
from harness.prune.keras_graph.site import Site


@rule(keras.layers.EinsumDense)
def einsum_dense(site: Site) -> Names:
    """Letters that only kernel and output have are new channels; those that input and kernel have are read.

    New channels along several axes must leave a box, so those along the axes with fewer of them go together.
    """
    names = site.names[0]
    inputs, kernel, output = letters(site.op.equation, names.ndim, len(site.out_shape))
    if len(set(inputs)) < len(inputs) or len(set(output)) < len(output):
        site.stays("its equation has a repeated letter")
        return site.pin_all(f"'{site.call.path}' has an equation with a repeated letter")[0]
    passing = [axis for axis in varying_axes(site.find(names)) if inputs[axis] in output]
    if passing:
        site.stays("the channels of its input lie along an axis that it passes on")
        made = spread(along(names, passing[0]), site.out_shape, output.index(inputs[passing[0]]))
    else:
        made = _new_channels(site, [letter in kernel and letter not in inputs for letter in output])
    axes = {}
    for axis, letter in enumerate(kernel):
        read = letter in inputs
        axes[axis] = site.channels(names, inputs.index(letter)) if read else _place(made, output.index(letter))
    fresh = [axis for axis in varying_axes(made) if output[axis] in kernel and not passing]
    site.weight("kernel", axes, makes=kernel.index(output[fresh[0]]) if fresh else None)
    _bias(site, made)
    target = site.op.get_config()["output_shape"]
    target = [target] if isinstance(target, int) else list(target)
    first = len(output) - len(target) if site.op.equation.startswith("...") else 1
    shrink_target(site, made, "output_shape", target, first)
    return activated(site, made, site.op.activation)


def _new_channels(site: Site, is_new: list[bool]) -> Names:
    """New channels, one for each place along all the new axes; unified to a box."""
    if not any(is_new):
        return nameless(site.out_shape)
    shape = [size if new else 1 for size, new in zip(site.out_shape, is_new, strict=True)]
    ids = site.make(math.prod(shape)).reshape(shape)
    return site.boxed(np.broadcast_to(ids, site.out_shape))


def _place(made: Names, axis: int) -> Names:
    return along(made, axis) if varying_axes(made) == (axis,) else nameless((made.shape[axis],))


def _bias(site: Site, made: Names) -> None:
    """The bias lines up with the last axes of the output."""
    if site.op.bias is None:
        return
    sizes = tuple(site.op.bias.shape)
    offset = made.ndim - len(sizes)
    site.weight("bias", {axis: _place(made, axis + offset) for axis, size in enumerate(sizes) if size > 1})


def letters(equation: str, in_rank: int, out_rank: int) -> tuple[str, str, str]:
    """The letters of input, kernel and output, one an axis; an ellipsis is written out in signs of its own."""
    left, output = equation.replace(" ", "").split("->")
    inputs, kernel = left.split(",")
    elided = "".join(chr(0x2460 + i) for i in range(in_rank - len(inputs.replace("...", ""))))
    return inputs.replace("...", elided), kernel, output.replace("...", elided)
