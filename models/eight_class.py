"""Two networks for eight classes of large color images: one of constant width, and the one advised instead.

From a forum question by someone whose network 'only guesses'. The question's dropout rate and where it stood are
not known to us: here a quarter of each pooling's outputs is dropped, as in Keras's own CIFAR-10 example.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import checks
from models.blocks import Block, Conv, Dropout, Pool, check_geometry

if TYPE_CHECKING:
    import keras

INITIALIZERS = ("glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal")


@dataclass(frozen=True)
class Design:
    """What a design has where the options leave it open; tuples have one number for each block."""

    filters: tuple[int, ...]
    kernel_sizes: tuple[int, ...]
    padding: str
    convs_per_block: int
    dropout: float
    dense_units: int


DESIGNS = {
    "constant": Design((256,) * 5, (2,) * 5, "valid", convs_per_block=2, dropout=0.25, dense_units=0),
    "funnel": Design((16, 32, 64), (5, 3, 3), "same", convs_per_block=1, dropout=0.0, dense_units=512),
}


@dataclass(frozen=True)
class EightClass:
    """Blocks of convolutions (ReLU) and MaxPooling 2, then Flatten and Dense layers with a Softmax.

    `design = "constant"` has five blocks of two 2x2 valid convolutions of 256 filters, each block with dropout, and
    no hidden Dense layer. `design = "funnel"` has three blocks of one same-padded convolution (16 filters 5x5,
    32 3x3, 64 3x3) and a hidden Dense layer of 512; 20,508,968 parameters at 200x200x3.

    Options; None means as in the design:
        filters: one number for all blocks, or a list with one for each block, which also sets how many blocks.
        kernel_size: one number for all blocks, or one for each block.
        padding: `same` or `valid`.
        dropout: share of each pooling's outputs dropped while training; 0 for no Dropout layers.
        dense_units: width of the hidden Dense layer; 0 for none.
        initializer: of the convolutions' kernels, by its Keras name.
    """

    input_shape: tuple[int, int, int] = (200, 200, 3)
    n_class: int = 8
    design: str = "constant"
    filters: int | tuple[int, ...] | None = None
    kernel_size: int | tuple[int, ...] | None = None
    padding: str | None = None
    dropout: float | None = None
    dense_units: int | None = None
    initializer: str = "glorot_uniform"

    def __post_init__(self) -> None:
        checks.image_shape("input_shape", self.input_shape)
        checks.positive_int("n_class", self.n_class, least=2)
        checks.one_of("design", self.design, tuple(DESIGNS))
        checks.one_of("initializer", self.initializer, INITIALIZERS)
        design = self._design()
        checks.one_of("padding", design.padding, ("same", "valid"))
        checks.share("dropout", design.dropout)
        checks.positive_int("dense_units", design.dense_units, least=0)
        check_geometry(self.input_shape, self._blocks())

    def build(self) -> keras.Model:
        """The network; input (N, height, width, channels), output (N, n_class)."""
        import keras

        hidden = self._design().dense_units
        dense = [keras.layers.Dense(hidden, activation="relu", name="dense_1")] if hidden else []
        return keras.Sequential(
            [
                keras.Input(self.input_shape, name="image"),
                *(block.layer() for block in self._blocks()),
                keras.layers.Flatten(name="flatten"),
                *dense,
                keras.layers.Dense(self.n_class, activation="softmax", name=f"dense_{len(dense) + 1}"),
            ],
            name="eight_class",
        )

    def _design(self) -> Design:
        """The design with the options given in the place of its own."""
        own = DESIGNS[self.design]
        filters = own.filters if self.filters is None else self.filters
        blocks = len(filters) if isinstance(filters, tuple) else len(own.filters)
        # More blocks than the design has go on with its last kernel.
        kernels = (own.kernel_sizes + own.kernel_sizes[-1:] * blocks)[:blocks]
        return Design(
            filters=checks.per_block("filters", filters, blocks),
            kernel_sizes=checks.per_block(
                "kernel_size", kernels if self.kernel_size is None else self.kernel_size, blocks
            ),
            padding=own.padding if self.padding is None else self.padding,
            convs_per_block=own.convs_per_block,
            dropout=own.dropout if self.dropout is None else self.dropout,
            dense_units=own.dense_units if self.dense_units is None else self.dense_units,
        )

    def _blocks(self) -> list[Block]:
        design = self._design()
        blocks: list[Block] = []
        for number, (filters, kernel) in enumerate(zip(design.filters, design.kernel_sizes, strict=True), start=1):
            for conv in range(design.convs_per_block):
                name = f"conv_{(number - 1) * design.convs_per_block + conv + 1}"
                blocks.append(Conv(name, filters, kernel, design.padding, initializer=self.initializer))
            blocks.append(Pool(f"pool_{number}"))
            if design.dropout:
                blocks.append(Dropout(f"dropout_{number}", design.dropout))
        return blocks
