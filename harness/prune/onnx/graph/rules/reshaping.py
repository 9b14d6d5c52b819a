"""Operators that only move elements: NumPy moves the names in the same way."""

from __future__ import annotations

import numpy as np

from harness.channels.names import Names, nameless
from harness.channels.removal import Removal
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.site import Site


@onnx_rule("Reshape")
def reshape(site: Site) -> Names | list[Names]:
    """Names move as elements do; the target shrinks along the axis that loses channels."""
    made = reshaped(site, site.names[0])
    if made is None:
        return site.pin_all(f"'{site.path}' reshapes it in a way that can't be followed")
    target(site, 1, made)
    return made


@onnx_rule("Flatten", "Squeeze", "Unsqueeze")
def flatten(site: Site) -> Names | list[Names]:
    """Names move as elements do; no size is stated."""
    made = reshaped(site, site.names[0])
    return site.pin_all(f"'{site.path}' reshapes it in a way that can't be followed") if made is None else made


def reshaped(site: Site, names: Names) -> Names | None:
    """Names in the shape of the node's output; None where there are not as many elements."""
    if names.size != np.prod(site.out_shape, dtype=np.int64):
        return None
    if not site.varying(names):
        return np.broadcast_to(names[(0,) * names.ndim], site.out_shape)
    return names.reshape(site.out_shape)


def target(site: Site, index: int, made: Names) -> None:
    """Input `index` states the sizes of `made`, or of its last axes: those that shrink are stated anew."""

    def sizes(removal: Removal) -> list[int | None]:
        pairs = zip(removal.shape(made), made.shape, strict=True)
        stated = [now if now != was else None for now, was in pairs]
        return stated[len(stated) - site.names[index].size :]

    site.numbers(index, sizes)


@onnx_rule("Transpose")
def transpose(site: Site) -> Names:
    """Axes change places."""
    return site.names[0].transpose(site.attribute("perm"))


@onnx_rule("DepthToSpace")
def depth_to_space(site: Site) -> Names:
    """Blocks of channels become blocks of pixels."""
    names, block = site.names[0], int(site.attribute("blocksize"))
    batch, depth, height, width = names.shape
    if site.attribute("mode", "DCR") == "DCR":
        split = names.reshape(batch, block, block, depth // block**2, height, width).transpose(0, 3, 4, 1, 5, 2)
    else:
        split = names.reshape(batch, depth // block**2, block, block, height, width).transpose(0, 1, 4, 2, 5, 3)
    made = split.reshape(site.out_shape)
    if not site.others(names, 1):
        rows = made.transpose(1, 0, 2, 3).reshape(made.shape[1], -1)
        site.unify(rows[:, :1], rows, f"'{site.path}' lines it up with no channel")
    return made


@onnx_rule("SpaceToDepth")
def space_to_depth(site: Site) -> Names:
    """Blocks of pixels become blocks of channels."""
    names, block = site.names[0], int(site.attribute("blocksize"))
    batch, depth, height, width = names.shape
    split = names.reshape(batch, depth, height // block, block, width // block, block)
    return split.transpose(0, 3, 5, 1, 2, 4).reshape(site.out_shape)


@onnx_rule("Shape", "Size", "ConstantOfShape", "Range", "EyeLike", "NonZero", "RandomNormalLike", "RandomUniformLike")
def without_names(site: Site) -> list[Names]:
    """Numbers that no channel makes. Where they depend on how many channels there are, those are pinned."""
    if site.node.op_type in ("EyeLike", "NonZero", "RandomNormalLike", "RandomUniformLike"):
        return site.pin_all(f"'{site.path}' looks at its shape")
    return [nameless(tuple(max(1, size) for size in shape)) for shape in site.out_shapes]
