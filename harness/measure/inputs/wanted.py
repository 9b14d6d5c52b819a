"""One input as each of several models wants it: whether they agree, and what to write where it must be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from harness.base.errors import MeasureError
from harness.measure.inputs.declared import GIVEN, INVENTED, ModelInput, Shape, batch_axes, kind_of
from harness.measure.inputs.given import Given

Takers = Sequence[tuple[Path, Sequence[ModelInput]]]
T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """One input of the models, in their order; `axis` is where the batch stands, None where there is none."""

    each: tuple[tuple[Path, ModelInput], ...]
    axis: int | None

    @property
    def first(self) -> ModelInput:
        """The first model's declaration of it."""
        return self.each[0][1]

    @property
    def shapes(self) -> list[Shape]:
        """The shapes that models declare, where they do."""
        return [one.shape for _, one in self.each if one.shape is not None]

    @property
    def shape(self) -> Shape | None:
        """None for the batch, and where no model fixes a size; None in all where no model has a shape."""
        if not self.shapes:
            return None
        known = [next((size for size in sizes if size is not None), None) for sizes in zip(*self.shapes, strict=True)]
        return self.without_batch(known)

    def without_batch(self, shape: Sequence[int | None]) -> Shape:
        """A shape with None for the batch."""
        return tuple(None if axis == self.axis else size for axis, size in enumerate(shape))

    @property
    def alike(self) -> bool:
        """Whether all models want the same type, in whichever precision, and the same sizes but for the batch."""
        shapes = {None if one.shape is None else self.without_batch(one.shape) for _, one in self.each}
        return len(shapes) == 1 and self.compatible

    @property
    def compatible(self) -> bool:
        """Whether something could be fed that fits them all."""
        if len({len(shape) for shape in self.shapes}) > 1 or len({kind_of(one.dtype) for _, one in self.each}) > 1:
            return False
        sizes = zip(*map(self.without_batch, self.shapes), strict=True)
        return all(len(set(each) - {None}) <= 1 for each in sizes)

    @property
    def dtypes(self) -> dict[str, Path]:
        """The types that models want, floats in several precisions, each with the first model that wants it."""
        return {one.dtype: path for path, one in reversed(self.each)}

    @property
    def can_be_invented(self) -> bool:
        """Whether every size but the batch is known, and values of its type can be made up."""
        shape = self.shape
        known = shape is not None and all(size is not None or axis == self.axis for axis, size in enumerate(shape))
        return known and self.first.dtype in INVENTED

    def among(self, given: Mapping[str, T]) -> T | None:
        """What was given under the name that any of the models has for it; None where nothing was."""
        return next((given[one.name] for _, one in self.each if one.name in given), None)

    def is_given(self, given: Given) -> bool:
        """Whether a user gave something by any of its names."""
        return any(one.name in given.names for _, one in self.each)


def in_one_order(first: Sequence[ModelInput], other: Sequence[ModelInput]) -> tuple[ModelInput, ...]:
    """The inputs of `other` in the order of `first` where both have the same names; else as they are."""
    by_name = {one.name: one for one in other}
    if by_name.keys() != {one.name for one in first}:
        return tuple(other)
    return tuple(by_name[one.name] for one in first)


def line_up(models: Takers, given: Given) -> list[Wanted]:
    """The inputs of models that have them in one order.

    The batch stands where a given shape has its N. A number there makes it no batch, unless every model fixes it.

    Raises:
        MeasureError: they differ in number, type or rank, or in sizes that nothing given makes equal.
    """
    (path, inputs), *others = models
    for other, theirs in others:
        if len(theirs) != len(inputs):
            raise MeasureError(_differ(path, inputs, other, theirs))
    axes = [batch_axes(theirs) for _, theirs in models]
    wanted = []
    for position in range(len(inputs)):
        known = [each[position] for each in axes if each[position] is not None]
        one = Wanted(tuple((path, theirs[position]) for path, theirs in models), known[0] if known else None)
        wanted.append(_laid_out(one, given))
    for number, (other, theirs) in enumerate(others, start=1):
        pairs = [replace(one, each=(one.each[0], one.each[number])) for one in wanted]
        differing = [one for one, pair in zip(wanted, pairs, strict=True) if not pair.alike]
        if any(not pair.compatible for pair in pairs):
            raise MeasureError(_differ(path, inputs, other, theirs))
        if not all(one.is_given(given) for one in differing):
            told = suggestions([one for one in differing if not one.is_given(given)], wanted)
            raise MeasureError(f"{_differ(path, inputs, other, theirs)}; to feed all the same, give {told}")
    return wanted


def _laid_out(one: Wanted, given: Given) -> Wanted:
    layout = one.among(given.layouts)
    if layout is None:
        return one
    if None in layout.shape:
        return replace(one, axis=layout.shape.index(None))
    axis = one.axis
    if axis is None or axis >= len(layout.shape):
        return replace(one, axis=None)
    fixed = all(wanted.shape and wanted.shape[axis] == layout.shape[axis] for _, wanted in one.each)
    return one if fixed else replace(one, axis=None)


def _differ(path: Path, inputs: Iterable[ModelInput], other: Path, theirs: Iterable[ModelInput]) -> str:
    ours, own = (", ".join(map(str, each)) for each in (inputs, theirs))
    return f"{other}: its inputs ({own}) differ from those of {path} ({ours})"


def suggestions(needed: Sequence[Wanted], wanted: Sequence[Wanted]) -> str:
    """The options to give for the inputs that need them, of all that are `wanted`."""
    batched = any(one.axis is not None for one in wanted)
    return " ".join(f"--input {suggestion(one, batched)}" for one in needed)


def suggestion(one: Wanted, batched: bool) -> str:
    """What to write, with a size that varies guessed as 128; of a value, only that there must be one."""
    name, dtype, shape = one.first.name, one.first.dtype, one.shape
    if dtype not in GIVEN:
        return f"{name}=text"
    if shape is None:
        return f"{name}:Nx128:{dtype}"
    if not shape:
        return f"{name}=1"
    unknown = [axis for axis, size in enumerate(shape) if size is None]
    batch = unknown[0] if one.axis is None and batched and unknown else one.axis
    sizes = ["N" if axis == batch else str(128 if size is None else size) for axis, size in enumerate(shape)]
    return f"{name}:{'x'.join(sizes)}:{dtype}"
