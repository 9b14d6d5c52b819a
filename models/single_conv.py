"""One convolution and one Dense layer: the smallest network in which a removed filter has rows in a Dense kernel.

From the Stack Overflow question 61791709, 'Why does accuracy of the CNN drop when I remove a filter and its
associated weights?'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import checks
from models.blocks import Conv, check_geometry

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class SingleConv:
    """Conv2D 3x3 (ReLU, He-normal), Flatten, Dense with Softmax; 216,650 parameters by default.

    `filters` is the number of the convolution's filters, `padding` is `same` or `valid`.
    """

    input_shape: tuple[int, int, int] = (28, 28, 1)
    n_class: int = 10
    filters: int = 32
    padding: str = "valid"

    def __post_init__(self) -> None:
        checks.image_shape("input_shape", self.input_shape)
        checks.positive_int("n_class", self.n_class, least=2)
        checks.positive_int("filters", self.filters)
        checks.one_of("padding", self.padding, ("same", "valid"))
        check_geometry(self.input_shape, [self._conv()])

    def build(self) -> keras.Model:
        """The network; input (N, height, width, channels), output (N, n_class)."""
        import keras

        return keras.Sequential(
            [
                keras.Input(self.input_shape, name="image"),
                self._conv().layer(),
                keras.layers.Flatten(name="flatten"),
                keras.layers.Dense(self.n_class, activation="softmax", name="dense_1"),
            ],
            name="single_conv",
        )

    def _conv(self) -> Conv:
        return Conv("conv_1", self.filters, 3, self.padding, initializer="he_normal")
