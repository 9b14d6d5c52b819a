"""Three convolution blocks and a wide Dense layer, made to read captchas.

From the Stack Overflow question 64441929, 'Adding padding="same" argument to Conv2D layers broke the model', with
the repairs that were suggested there as options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import checks
from models.blocks import Block, Conv, Pool, check_geometry

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class DeepCaptcha:
    """Blocks of Conv2D 3x3 (ReLU) and MaxPooling 2, then Flatten, Dense (ReLU), Dense, Softmax, Reshape.

    342,458 parameters by default, 80,314 with `padding = "valid"`.

    Options:
        n_prediction: characters to read; the output is (N, n_prediction, n_class).
        filters: one number for each block of a convolution and a pooling.
        padding: `same` or `valid`, for all convolutions.
        strides: of the convolutions; one number for all, or one for each.
        last_pool: size of the last pooling.
        dense_units: width of the hidden Dense layer.
        reshape: `after_softmax` as in the question: one Softmax over all n_prediction * n_class outputs, which is
            not the network's last operation, so that Keras computes the loss from clipped probabilities.
            `before_softmax`: one Softmax for each character, and last.

    The repairs suggested, on images of 28x28 with `same` padding: one more block, `filters = [32, 48, 64, 64]`;
    a last pooling of 4, `last_pool = 4`; stride 2 in one convolution, `strides = [1, 1, 2]`; 20 filters in the last
    convolution, `filters = [32, 48, 20]`; 64 hidden units, `dense_units = 64`; a last feature map of 2x2,
    `last_pool = 3`.
    """

    input_shape: tuple[int, int, int] = (28, 28, 1)
    n_class: int = 10
    n_prediction: int = 1
    filters: tuple[int, ...] = (32, 48, 64)
    padding: str = "same"
    strides: int | tuple[int, ...] = 1
    last_pool: int = 2
    dense_units: int = 512
    reshape: str = "after_softmax"

    def __post_init__(self) -> None:
        checks.image_shape("input_shape", self.input_shape)
        checks.positive_int("n_class", self.n_class, least=2)
        checks.positive_int("n_prediction", self.n_prediction)
        checks.positive_ints("filters", self.filters)
        checks.one_of("padding", self.padding, ("same", "valid"))
        checks.positive_int("last_pool", self.last_pool)
        checks.positive_int("dense_units", self.dense_units)
        checks.one_of("reshape", self.reshape, ("after_softmax", "before_softmax"))
        check_geometry(self.input_shape, self._blocks())

    def build(self) -> keras.Model:
        """The network; input (N, height, width, channels), output (N, n_prediction, n_class)."""
        import keras

        inputs = keras.Input(self.input_shape, name="image")
        x = inputs
        for layer in [*(block.layer() for block in self._blocks()), *self._head()]:
            x = layer(x)
        return keras.Model(inputs, x, name="deepcaptcha")

    def _blocks(self) -> list[Block]:
        strides = checks.per_block("strides", self.strides, len(self.filters))
        blocks: list[Block] = []
        for number, (filters, stride) in enumerate(zip(self.filters, strides, strict=True), start=1):
            last = number == len(self.filters)
            blocks.append(Conv(f"conv_{number}", filters, 3, self.padding, strides=stride))
            blocks.append(Pool(f"pool_{number}", self.last_pool if last else 2))
        return blocks

    def _head(self) -> list[keras.layers.Layer]:
        import keras

        units = self.n_prediction * self.n_class
        reshape = keras.layers.Reshape((self.n_prediction, self.n_class), name="reshape")
        hidden = [
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(self.dense_units, activation="relu", name="dense_1"),
        ]
        if self.reshape == "after_softmax":
            return [*hidden, keras.layers.Dense(units, activation="softmax", name="dense_2"), reshape]
        return [*hidden, keras.layers.Dense(units, name="dense_2"), reshape, keras.layers.Softmax(name="softmax")]
