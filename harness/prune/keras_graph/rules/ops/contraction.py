"""Raw `keras.ops` that multiply two tensors and add up over axes they share."""

from __future__ import annotations

from string import ascii_lowercase

from harness.channels.names import Names
from harness.prune.keras_graph.registry import rule
from harness.prune.keras_graph.rules.contraction import contracted
from harness.prune.keras_graph.site import Site

_BATCH = "Z"


@rule("Matmul")
def matmul(site: Site) -> Names:
    """The last axis of one tensor against the last but one of the other."""
    rank = len(site.out_shape)
    if len(site.names) != 2 or rank < 3 or any(names.ndim != rank for names in site.names):
        return site.pin_all(f"'{site.call.path}' multiplies matrices in a way that can't be followed")[0]
    batch = _BATCH + ascii_lowercase[: rank - 3]
    return contracted(site, batch + "wx", batch + "xy", batch + "wy")


@rule("Einsum")
def einsum(site: Site) -> Names:
    """Two tensors, as the equation says."""
    left, arrow, out = site.op.subscripts.replace(" ", "").partition("->")
    operands = left.split(",")
    letters = "".join([*operands, out])
    plain = letters.isalpha() and all(len(set(each)) == len(each) for each in [*operands, out])
    if not arrow or not plain or len(operands) != 2 or len(site.names) != 2:
        return site.pin_all(f"'{site.call.path}' has an equation that can't be followed")[0]
    return contracted(site, operands[0], operands[1], out)
