"""Raw `keras.ops` that take axes away by adding up, averaging or choosing."""

from __future__ import annotations

from harness.channels.names import Names, nameless, varying_axes
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.site import Site


@rule(
    "All", "Amax", "Amin", "Any", "Argmax", "Argmin", "CountNonzero", "Logsumexp", "Max", "Mean", "Median", "Min",
    "Prod", "Ptp", "Std", "Var",
)  # fmt: skip
def mixing(site: Site) -> Names:
    """Channels along an axis that is reduced are pinned: without one of them, the result would be another."""
    axes = _axes(site)
    if set(varying_axes(site.find(site.names[0]))) & set(axes):
        return site.pin_all(f"'{site.call.path}' mixes its channels")[0]
    return _reduced(site, axes)


@rule("Sum")
def adding(site: Site) -> Names:
    """A sum over channels is the same whether one of them is zero or gone."""
    axes = _axes(site)
    if set(varying_axes(site.find(site.names[0]))) & set(axes):
        return nameless(site.out_shape)
    return _reduced(site, axes)


def _axes(site: Site) -> tuple[int, ...]:
    axis, rank = site.op.axis, site.names[0].ndim
    axes = range(rank) if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
    return tuple(each % rank for each in axes)


def _reduced(site: Site, axes: tuple[int, ...]) -> Names:
    """Names that don't vary along the reduced axes."""
    names = site.names[0]
    if 0 in axes:
        return site.pin_all(f"'{site.call.path}' reduces the batch axis")[0]
    cut = names[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(names.ndim))]
    return cut.reshape(site.out_shape)
