"""The layers of a chain network, as plain values that can be checked before Keras is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

Size = tuple[int, int]


@dataclass(frozen=True)
class Conv:
    """A square 2-D convolution."""

    name: str
    filters: int
    kernel_size: int
    padding: str
    strides: int = 1
    activation: str | None = "relu"
    initializer: str = "glorot_uniform"

    def output(self, size: Size) -> Size:
        """Height and width after this layer; zero or less where nothing is left."""
        if self.padding == "same":
            height, width = (-(-length // self.strides) for length in size)
        else:
            height, width = ((length - self.kernel_size) // self.strides + 1 for length in size)
        return height, width

    def layer(self) -> keras.layers.Layer:
        """The Keras layer, not built."""
        import keras

        return keras.layers.Conv2D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            activation=self.activation,
            kernel_initializer=self.initializer,
            name=self.name,
        )


@dataclass(frozen=True)
class Pool:
    """A square max pooling whose windows don't overlap."""

    name: str
    pool_size: int = 2

    def output(self, size: Size) -> Size:
        """Height and width after this layer; zero where nothing is left."""
        height, width = (length // self.pool_size for length in size)
        return height, width

    def layer(self) -> keras.layers.Layer:
        """The Keras layer, not built."""
        import keras

        return keras.layers.MaxPooling2D(self.pool_size, name=self.name)


@dataclass(frozen=True)
class Dropout:
    """Drops a share of the activations while training."""

    name: str
    rate: float

    def output(self, size: Size) -> Size:
        """Height and width after this layer, which changes neither."""
        return size

    def layer(self) -> keras.layers.Layer:
        """The Keras layer, not built."""
        import keras

        return keras.layers.Dropout(self.rate, name=self.name)


Block = Conv | Pool | Dropout


def check_geometry(input_shape: tuple[int, int, int], blocks: Sequence[Block]) -> None:
    """Raise ValueError when some layer would be left with an empty feature map."""
    size: Size = input_shape[:2]
    for block in blocks:
        before, size = size, block.output(size)
        if min(size) < 1:
            valid = any(isinstance(other, Conv) and other.padding == "valid" for other in blocks)
            cure = "larger images or padding = 'same'" if valid else "larger images"
            raise ValueError(
                f"input_shape = {list(input_shape)} is too small: {block.name} gets a feature map of "
                f"{before[0]}x{before[1]} and leaves nothing; use {cure}"
            )
