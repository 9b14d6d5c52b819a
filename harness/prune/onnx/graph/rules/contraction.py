"""Products of two tensors that add up over axes they share: MatMul, Gemm, Einsum."""

from __future__ import annotations

import math
from string import ascii_lowercase

import numpy as np

from harness.channels.names import Names, along, nameless, spread, varying_axes
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.rules.elementwise import cut_along
from harness.prune.onnx.graph.site import Site


@onnx_rule("MatMul", "MatMulInteger")
def matmul(site: Site) -> Names | list[Names]:
    """The last axis of the first is added up with the last but one of the second."""
    a, b = (names.ndim for names in site.names[:2])
    rank = max(a, b)
    batch = ascii_lowercase[: max(0, rank - 2)]
    first = (batch[len(batch) - (a - 2) :] + "yz") if a > 1 else "z"
    second = (batch[len(batch) - (b - 2) :] + "zx") if b > 1 else "z"
    out = batch + ("y" if a > 1 else "") + ("x" if b > 1 else "")
    made = product(site, (first, second), out)
    held = site.value(3)
    if held is not None and held.size > 1 and not isinstance(made, list):
        site.weight(3, {0: along(made, -1)}, role="other")
    return made


@onnx_rule("Gemm")
def gemm(site: Site) -> Names | list[Names]:
    """A product of two matrices, either of which may be transposed, and an offset."""
    first = "zy" if site.attribute("transA", 0) else "yz"
    second = "xz" if site.attribute("transB", 0) else "zx"
    made = product(site, (first, second), "yx")
    if site.has(2) and not isinstance(made, list):
        if site.is_constant(2):
            cut_along(site, 2, made, "offset")
        else:
            site.pin(made, f"'{site.path}' computes its offset")
            site.pin(site.names[2], f"'{site.path}' takes it as its offset")
    return made


@onnx_rule("Einsum")
def einsum(site: Site) -> Names | list[Names]:
    """Two tensors, by an equation."""
    left, arrow, out = str(site.attribute("equation")).replace(" ", "").partition("->")
    parts = left.split(",")
    odd = not arrow or "." in left or len(parts) != 2 or any(len(set(part)) < len(part) for part in (*parts, out))
    if odd:
        return site.pin_all(f"'{site.path}' has an equation that no rule reads")
    return product(site, (parts[0], parts[1]), out)


def product(site: Site, letters: tuple[str, str], out: str) -> Names | list[Names]:
    """Names of a product of two tensors; one letter an axis."""
    constants = [site.is_constant(index) for index in (0, 1)]
    if all(constants):
        return nameless(site.out_shape)
    if any(constants):
        kernel = constants.index(True)
        return _with_kernel(site, 1 - kernel, letters[1 - kernel], letters[kernel], out)
    return _of_tensors(site, letters, out)


def _with_kernel(site: Site, index: int, inputs: str, kernel: str, out: str) -> Names:
    """Letters that only kernel and output have are new channels; those that input and kernel have are read."""
    names = site.names[index]
    passing = [axis for axis in site.varying(names) if inputs[axis] in out]
    if passing:
        site.stays("the channels of its input lie along an axis that it passes on")
        made = spread(along(names, passing[0]), site.out_shape, out.index(inputs[passing[0]]))
    else:
        made = _new_channels(site, [letter in kernel and letter not in inputs for letter in out])
    sizes = site.names[1 - index].shape
    axes = {}
    for axis, letter in enumerate(kernel):
        read = letter in inputs
        ids = site.channels(names, inputs.index(letter)) if read else _place(made, out, letter, sizes[axis])
        if len(ids) == sizes[axis]:
            axes[axis] = ids
    fresh = [axis for axis in varying_axes(made) if out[axis] in kernel and not passing]
    site.weight(1 - index, axes, makes=kernel.index(out[fresh[0]]) if fresh else None)
    return made


def _new_channels(site: Site, is_new: list[bool]) -> Names:
    """New channels, one for each place along all the new axes; unified to a box."""
    if not any(is_new):
        return nameless(site.out_shape)
    shape = [size if new else 1 for size, new in zip(site.out_shape, is_new, strict=True)]
    return site.boxed(np.broadcast_to(site.make(math.prod(shape)).reshape(shape), site.out_shape))


def _place(made: Names, out: str, letter: str, size: int) -> Names:
    if letter not in out or varying_axes(made) not in ((), (out.index(letter),)):
        return nameless((size,))
    return along(made, out.index(letter))


def _of_tensors(site: Site, letters: tuple[str, str], out: str) -> Names:
    """Channels that meet along a shared axis go together. Adding up is the same whether one of them is zero or gone."""
    first, second = letters
    for letter in sorted(set(first) & set(second)):
        axes = first.index(letter), second.index(letter)
        one, other = (site.channels(names, axis) for names, axis in zip(site.names[:2], axes, strict=True))
        if len(one) == len(other):
            site.unify(one, other, f"'{site.path}' multiplies it with no channel")
        else:
            site.pin(one, f"'{site.path}' stretches it over another tensor")
            site.pin(other, f"'{site.path}' stretches it over another tensor")
    result, found = nameless(site.out_shape), None
    for names, own in zip(site.names[:2], letters, strict=True):
        for axis in site.varying(names):
            if own[axis] not in out or own[axis] == found:
                continue
            if found is not None:
                site.pin(names, f"'{site.path}' leaves channels along two axes")
                continue
            found = own[axis]
            result = spread(along(names, axis), site.out_shape, out.index(found))
    return result
