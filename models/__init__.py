"""The architectures, one file each: `models.build("deepcaptcha", padding="valid")`.

Keras is imported when a network is built, not before. Every network is a chain of layers for images of shape
(height, width, channels), channels last, and ends in a Softmax over the classes. Layers are called conv_1, pool_1,
dense_1 and so on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from models.colored import Colored
from models.deepcaptcha import DeepCaptcha
from models.eight_class import EightClass
from models.single_conv import SingleConv

if TYPE_CHECKING:
    import keras

__all__ = ["build", "check", "names", "options"]


class Architecture(Protocol):
    """Options as fields of a frozen dataclass, checked when it is made."""

    def build(self) -> keras.Model:
        """The network with fresh random weights."""
        ...


_ARCHITECTURES: Mapping[str, type[Any]] = {
    "single_conv": SingleConv,
    "deepcaptcha": DeepCaptcha,
    "colored": Colored,
    "eight_class": EightClass,
}


def names() -> tuple[str, ...]:
    """The architectures that `build` knows."""
    return tuple(_ARCHITECTURES)


def options(name: str) -> Mapping[str, Any]:
    """The options of an architecture, each with its default.

    Raises:
        ValueError: the architecture is unknown.
    """
    fields = dataclasses.fields(_architecture(name))
    return MappingProxyType({field.name: field.default for field in fields})


def check(name: str, **options: Any) -> None:
    """Find what `build` would refuse, without importing Keras.

    Raises:
        ValueError: as `build`.
    """
    _configured(name, options)


def build(name: str, **options: Any) -> keras.Model:
    """Make a network with fresh random weights, not compiled.

    A list counts as a tuple, so that options can come from TOML.

    Raises:
        ValueError: an unknown architecture, option or value, or an image too small for the layers; one line.
    """
    return _configured(name, options).build()


def _configured(name: str, options: Mapping[str, Any]) -> Architecture:
    kind = _architecture(name)
    known = [field.name for field in dataclasses.fields(kind)]
    for option in options:
        if option not in known:
            raise ValueError(f"{option} is not an option of {name}; use one of {', '.join(known)}")
    values = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
    architecture: Architecture = kind(**values)
    return architecture


def _architecture(name: str) -> type[Any]:
    if name not in _ARCHITECTURES:
        raise ValueError(f"model = {name!r} is unknown; use one of {', '.join(_ARCHITECTURES)}")
    return _ARCHITECTURES[name]
