"""A part of what a user asks for, and how what is wrong in it is told: one line that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.base.errors import SpecError

Fraction = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]

S = TypeVar("S", bound="Spec")


class Spec(BaseModel):
    """A frozen part of a study; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __copy__(self) -> Self:
        """Without what was computed of it and kept: a copy may get other values."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def checked(kind: type[S], values: Mapping[str, Any], where: str) -> S:
    """Build a spec; the first thing wrong becomes one line that names the field and what is allowed."""
    try:
        return kind(**values)
    except ValidationError as error:
        raise SpecError(f"{where}: {first_problem(error, kind)}") from None


def check_seed(seed: int, where: str = "seed =") -> None:
    """Raise SpecError for a seed that NumPy or Keras would refuse."""
    if not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise SpecError(f"{where} {seed}: give a whole number from 0 to {2**32 - 1}")


def first_problem(error: ValidationError, kind: type[BaseModel]) -> str:
    """The first validation error as `field: what is wrong; what to do`."""
    problem = error.errors()[0]
    field = ".".join(str(part) for part in problem["loc"]).replace("].", "]")
    if problem["type"] == "extra_forbidden":
        known = ", ".join(_fields_at(kind, problem["loc"]))
        return f"'{field}' is unknown; known here: {known}"
    if problem["type"] == "missing":
        return f"'{field}' is missing; add it"
    if problem["type"] == "too_short":
        return f"{field} = {problem['input']!r}: give at least one"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{field} = {problem['input']!r}: {message}" if field else message


def _fields_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The field names of the model in which the last part of `location` was not found."""
    for part in location[:-1]:
        if isinstance(part, str) and part in kind.model_fields:
            kinds = _models_in(kind.model_fields[part].annotation)
            kind = kinds[0] if kinds else kind
    return list(kind.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
