"""Checks of options. Each raises ValueError with one line that names the option and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def positive_int(name: str, value: Any, least: int = 1) -> None:
    """A whole number, and at least so much."""
    if not _is_int(value) or value < least:
        raise ValueError(f"{name} = {value!r} can't be used; give a whole number of at least {least}")


def positive_ints(name: str, value: Any) -> None:
    """Whole numbers of at least 1, as a tuple, and at least one."""
    if not isinstance(value, tuple) or not value or not all(_is_int(part) and part >= 1 for part in value):
        raise ValueError(f"{name} = {_shown(value)} can't be used; give a list of whole numbers of at least 1")


def image_shape(name: str, value: Any) -> None:
    """(height, width, channels)."""
    if not isinstance(value, tuple) or len(value) != 3 or not all(_is_int(part) and part >= 1 for part in value):
        raise ValueError(f"{name} = {_shown(value)} can't be used; give [height, width, channels]")


def one_of(name: str, value: Any, known: Sequence[str]) -> None:
    """One of the names that there are."""
    if value not in known:
        raise ValueError(f"{name} = {_shown(value)} is unknown; use one of {', '.join(known)}")


def share(name: str, value: Any) -> None:
    """A fraction in [0, 1)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"{name} = {value!r} can't be used; give a number from 0 up to, but not including, 1")


def per_block(name: str, value: Any, blocks: int) -> tuple[int, ...]:
    """One whole number for each of `blocks`: a tuple as it is, a single number repeated."""
    if _is_int(value):
        value = (value,) * blocks
    positive_ints(name, value)
    if len(value) != blocks:
        raise ValueError(
            f"{name} = {_shown(value)} has {len(value)} values; give {blocks}, one for each convolution block"
        )
    return tuple(value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    """A value as it stands in a study: a tuple as a list."""
    return repr(list(value) if isinstance(value, tuple) else value)
