"""Products of two tensors that add up over axes they share: MatMul, Gemm, Einsum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_letters, ascii_lowercase

import numpy as np

from harness.channels.names import Names, along, nameless, spread, varying_axes
from harness.prune.onnx.graph.registry import onnx_rule
from harness.prune.onnx.graph.rules.elementwise import cut_along
from harness.prune.onnx.graph.site import Site

Operand = tuple[int, str]  # an input, and a letter for each of its axes


@onnx_rule("MatMul", "MatMulInteger")
def matmul(site: Site) -> Names | list[Names]:
    """The last axis of the first is added up with the last but one of the second."""
    made = multiplied(site, 0, 1)
    held = site.value(3)
    if held is not None and held.size > 1 and not isinstance(made, list):
        site.weight(3, {0: along(made, -1)}, role="other")
    return made


def multiplied(site: Site, first: int, second: int) -> Names | list[Names]:
    """Names of a product of the matrices, or stacks of them, that two inputs hold."""
    a, b = (site.names[index].ndim for index in (first, second))
    rank = max(a, b)
    batch = ascii_lowercase[: max(0, rank - 2)]
    one = (batch[len(batch) - (a - 2) :] + "yz") if a > 1 else "z"
    other = (batch[len(batch) - (b - 2) :] + "zx") if b > 1 else "z"
    return product(site, (first, one), (second, other), batch + ("y" if a > 1 else "") + ("x" if b > 1 else ""))


@onnx_rule("Gemm")
def gemm(site: Site) -> Names | list[Names]:
    """A product of two matrices, either of which may be transposed, and an offset."""
    return with_offset(site, 0, 1, 2)


def with_offset(site: Site, first: int, second: int, offset: int) -> Names | list[Names]:
    """Names of a product of two inputs that are matrices, and of a third that is added to it."""
    one = "zy" if site.attribute("transA", 0) else "yz"
    other = "xz" if site.attribute("transB", 0) else "zx"
    made = product(site, (first, one), (second, other), "yx")
    if site.has(offset) and not isinstance(made, list):
        if site.is_constant(offset):
            cut_along(site, offset, made, "offset")
        else:
            site.pin(made, f"'{site.path}' computes its offset")
            site.pin(site.names[offset], f"'{site.path}' takes it as its offset")
    return made


@onnx_rule("Einsum")
def einsum(site: Site) -> Names | list[Names]:
    """One tensor or two, by an equation."""
    spelled = _spelled(str(site.attribute("equation")), [names.ndim for names in site.names])
    if spelled is None or len(site.names) > 2:
        return site.pin_all(f"'{site.path}' has an equation that no rule reads")
    parts, out = spelled
    if len(parts) == 1:
        return _rearranged(site, parts[0], out)
    return product(site, (0, parts[0]), (1, parts[1]), out)


def _spelled(equation: str, ranks: Sequence[int]) -> tuple[list[str], str] | None:
    """A letter for each axis of each tensor, and of what is made, whatever is left out of the equation.

    None where a tensor has the same letter twice.
    """
    left, arrow, out = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    free = "".join(letter for letter in ascii_letters if letter not in equation)
    hidden = [rank - len(part) + 3 if "..." in part else 0 for part, rank in zip(parts, ranks, strict=True)]
    rest = free[: max(hidden)]
    if not arrow:
        seen = left.replace("...", "").replace(",", "")
        out = "..." + "".join(sorted(letter for letter in set(seen) if seen.count(letter) == 1))
    full = [part.replace("...", rest[len(rest) - count :]) for part, count in zip(parts, hidden, strict=True)]
    made = out.replace("...", rest)
    return None if any(len(set(each)) < len(each) for each in (*full, made)) else (full, made)


def _rearranged(site: Site, letters: str, out: str) -> Names:
    """Names of one tensor whose axes change places; over those that are not in `out` it is added up."""
    names = site.names[0]
    left = [axis for axis in site.varying(names) if letters[axis] in out]
    if not left:
        return nameless(site.out_shape)
    return spread(along(names, left[0]), site.out_shape, out.index(letters[left[0]]))


def product(site: Site, first: Operand, second: Operand, out: str) -> Names | list[Names]:
    """Names of a product of two tensors; one letter an axis."""
    constants = [site.is_constant(index) for index, _ in (first, second)]
    if all(constants):
        return nameless(site.out_shape)
    if any(constants):
        return _with_kernel(site, second, first, out) if constants[0] else _with_kernel(site, first, second, out)
    return _of_tensors(site, first, second, out)


def _with_kernel(site: Site, read: Operand, kernel: Operand, out: str) -> Names:
    """Letters that only kernel and output have are new channels; those that input and kernel have are read."""
    names, inputs = site.names[read[0]], read[1]
    passing = [axis for axis in site.varying(names) if inputs[axis] in out]
    if passing:
        site.stays("the channels of its input lie along an axis that it passes on")
        made = spread(along(names, passing[0]), site.out_shape, out.index(inputs[passing[0]]))
    else:
        made = _new_channels(site, [letter in kernel[1] and letter not in inputs for letter in out])
    sizes = site.names[kernel[0]].shape
    axes = {}
    for axis, letter in enumerate(kernel[1]):
        ids = site.channels(names, inputs.index(letter)) if letter in inputs else _place(made, out, letter, sizes[axis])
        if len(ids) == sizes[axis]:
            axes[axis] = ids
    fresh = [axis for axis in varying_axes(made) if out[axis] in kernel[1] and not passing]
    site.weight(kernel[0], axes, makes=kernel[1].index(out[fresh[0]]) if fresh else None)
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


def _of_tensors(site: Site, first: Operand, second: Operand, out: str) -> Names:
    """Channels that meet along a shared axis go together. Adding up is the same whether one of them is zero or gone."""
    for letter in sorted(set(first[1]) & set(second[1])):
        one, other = (site.channels(site.names[index], own.index(letter)) for index, own in (first, second))
        if len(one) == len(other):
            site.unify(one, other, f"'{site.path}' multiplies it with no channel")
        else:
            site.pin(one, f"'{site.path}' stretches it over another tensor")
            site.pin(other, f"'{site.path}' stretches it over another tensor")
    left: dict[str, Names] = {}
    for index, own in (first, second):
        names = site.names[index]
        for axis in site.varying(names):
            if own[axis] in out:
                left.setdefault(own[axis], along(names, axis))
    if not left:
        return nameless(site.out_shape)
    chosen = next(iter(left))
    if len(left) > 1:
        chosen = next((letter for letter, ids in left.items() if not site.must_stay(ids)), chosen)
    for letter in left.keys() - {chosen}:
        site.pin(left[letter], f"'{site.path}' leaves channels along two axes")
    return spread(left[chosen], site.out_shape, out.index(chosen))
