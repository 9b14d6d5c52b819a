"""From a program to its network."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from tests.prune.programs.steps import STEPS, TWO
from tests.prune.programs.tensors import Tensor

L = keras.layers
Step = tuple[str, int, int, int]
MAX_ELEMENTS = 6000


def build(program: Sequence[Step]) -> keras.Model:
    """The network of a program: two inputs, and an output that depends on every tensor made."""
    image, vector = keras.Input((8, 6, 3), name="image"), keras.Input((5,), name="vector")
    first = L.Conv2D(6, 3, padding="same", name="stem")(image)
    tensors = [L.Dense(6, name="vector_stem")(vector), first]
    used: set[int] = set()
    for number, (kind, a, b, size) in enumerate(program):
        x, y = tensors[-1 - a % min(len(tensors), 4)], tensors[-1 - b % min(len(tensors), 4)]
        keras.utils.set_random_seed(number)
        made = STEPS[kind](x, y, size)
        for each in [] if made is None else made if isinstance(made, list) else [made]:
            if _fits(each):
                tensors.append(each)
                used |= {id(x), id(y)} if kind in TWO else {id(x)}
    ends = [tensor for tensor in tensors if id(tensor) not in used] or tensors[-1:]
    flat = [tensor if len(tensor.shape) == 2 else L.Flatten()(tensor) for tensor in ends]
    joined = L.Concatenate()(flat) if len(flat) > 1 else flat[0]
    outputs = [L.Dense(4, activation="softmax", name="classes")(joined)]
    if len(program) % 3 == 0:
        outputs.append(L.Dense(2, name="aside")(flat[0]))
    return keras.Model([image, vector], outputs)


def _fits(x: Tensor) -> bool:
    count = 1
    for size in x.shape[1:]:
        count *= size or 0
    return 0 < count <= MAX_ELEMENTS and 2 <= len(x.shape) <= 5
