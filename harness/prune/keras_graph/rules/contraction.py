"""Dot, and any product of two tensors that adds up over axes they share."""

from __future__ import annotations

from string import ascii_lowercase

import keras

from harness.channels.names import Names, along, nameless, spread, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site

_BATCH = "Z"
_EXTRA = "Y"


@rule(keras.layers.Dot)
def dot(site: Site) -> Names:
    """One axis of each tensor is added up over; the others follow each other."""
    axes = site.op.axes
    first, second = (axes, axes) if isinstance(axes, int) else axes
    ranks = [names.ndim for names in site.names]
    a = list(_BATCH + ascii_lowercase[: ranks[0] - 1])
    b = list(_BATCH + ascii_lowercase[ranks[0] : ranks[0] + ranks[1] - 1])
    shared = b[second] = a[first]
    out = "".join(letter for letter in [*a, *b[1:]] if letter != shared)
    return contracted(site, "".join(a), "".join(b), out if len(out) > 1 else out + _EXTRA)


def contracted(site: Site, first: str, second: str, out: str) -> Names:
    """Names of a product of two tensors; one letter an axis.

    Channels that meet along a shared axis go together. Adding up over channels is the same whether one of them is zero
    or gone, so they need not stay.
    """
    for letter in sorted(set(first) & set(second)):
        axes = first.index(letter), second.index(letter)
        one, other = (site.channels(names, axis) for names, axis in zip(site.names, axes, strict=True))
        if len(one) == len(other):
            site.unify(one, other, f"'{site.call.path}' multiplies it with no channel")
        else:
            site.pin(one, f"'{site.call.path}' stretches it over another tensor")
            site.pin(other, f"'{site.call.path}' stretches it over another tensor")
    result = nameless(site.out_shape)
    found: str | None = None
    for names, letters in zip(site.names, (first, second), strict=True):
        for axis in varying_axes(site.find(names)):
            if letters[axis] not in out or letters[axis] == found:
                continue
            if found is not None:
                site.pin(names, f"'{site.call.path}' leaves channels along two axes")
                continue
            found = letters[axis]
            result = spread(along(names, axis), site.out_shape, out.index(found))
    return result
