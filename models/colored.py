"""Two convolutions without activation, and a ReLU before the Softmax.

From the Stack Overflow question 72967249, 'Why is a CNN model struggling to classify a colored MNIST?'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import checks
from models.blocks import Block, Conv, Pool, check_geometry

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Colored:
    """Conv2D 3x3 and MaxPooling 2, twice, then Flatten, Dense and a Softmax layer of its own.

    `filters` is one number for both convolutions, or one for each. `conv_activation` and `head_activation`, of the
    convolutions and of the Dense layer before the Softmax, are `none` (or None) or `relu`; the question had none and
    relu, which are the defaults.
    """

    input_shape: tuple[int, int, int] = (28, 28, 3)
    n_class: int = 10
    filters: int | tuple[int, ...] = (64, 64)
    conv_activation: str | None = "none"
    head_activation: str | None = "relu"

    def __post_init__(self) -> None:
        checks.image_shape("input_shape", self.input_shape)
        checks.positive_int("n_class", self.n_class, least=2)
        checks.one_of("conv_activation", self.conv_activation or "none", ("none", "relu"))
        checks.one_of("head_activation", self.head_activation or "none", ("none", "relu"))
        check_geometry(self.input_shape, self._blocks())

    def build(self) -> keras.Model:
        """The network; input (N, height, width, channels), output (N, n_class)."""
        import keras

        return keras.Sequential(
            [
                keras.Input(self.input_shape, name="image"),
                *(block.layer() for block in self._blocks()),
                keras.layers.Flatten(name="flatten"),
                keras.layers.Dense(self.n_class, activation=_keras_name(self.head_activation), name="dense_1"),
                keras.layers.Softmax(name="softmax"),
            ],
            name="colored",
        )

    def _blocks(self) -> list[Block]:
        activation = _keras_name(self.conv_activation)
        first, second = checks.per_block("filters", self.filters, 2)
        return [
            Conv("conv_1", first, 3, "same", activation=activation),
            Pool("pool_1"),
            Conv("conv_2", second, 3, "same", activation=activation),
            Pool("pool_2"),
        ]


def _keras_name(activation: str | None) -> str | None:
    return None if activation == "none" else activation
