"""What the tables of planted faults and healthy networks are made of."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.data import Dataset, load
from harness.diagnose import Diagnosis, diagnose
from harness.spec import DataSpec

L = keras.layers
SPARSE = "sparse_categorical_crossentropy"


@dataclass(frozen=True)
class Asked:
    """The arguments of one diagnosis."""

    model: keras.Model
    images: NDArray[Any]
    labels: NDArray[Any]
    options: dict[str, Any] = field(default_factory=dict)

    def diagnose(self) -> Diagnosis:
        return diagnose(self.model, self.images, self.labels, **{"loss": SPARSE, **self.options})


@dataclass(frozen=True)
class Case:
    """`make` builds what to diagnose; `kind` is the fault planted in it, None where it is healthy."""

    name: str
    make: Callable[[], Asked]
    kind: str | None = None

    def diagnose(self) -> Diagnosis:
        keras.utils.set_random_seed(1)
        return self.make().diagnose()


@functools.cache
def digits(scale: str = "unit", color: bool = False, side: int = 28, limit: int = 400) -> Dataset:
    """Some of the digits; `scale` is unit or raw."""
    resize = None if side == 28 else (side, side)
    return load(DataSpec(name="mnist5k", limit=limit, scale=scale, color=color, resize=resize))  # type: ignore[arg-type]


def ask(model: keras.Model, data: Dataset | None = None, **options: Any) -> Asked:
    data = data or digits()
    return Asked(model, data.train_images, data.train_labels, options)


def chain(*layers: Any, shape: tuple[int | None, ...] = (28, 28, 1)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


def dense_chain(depth: int, activation: Any, initializer: Any = "glorot_uniform") -> keras.Model:
    """Flatten, `depth` Dense layers of 64, and a Softmax over ten classes."""
    hidden = [L.Dense(64, activation=activation, kernel_initializer=initializer) for _ in range(depth)]
    return chain(L.Flatten(), *hidden, L.Dense(10, activation="softmax"))


def with_weights(model: keras.Model, layer: str, change: Callable[[list[Any]], list[Any]]) -> keras.Model:
    """The model after `change` was made to the weights of one layer."""
    model.get_layer(layer).set_weights(change(model.get_layer(layer).get_weights()))
    return model


def fitted(model: keras.Model, data: Dataset, epochs: int = 3, learning_rate: float = 1e-3) -> keras.Model:
    """The model after a short training."""
    labels = data.train_labels.reshape((-1, *model.output_shape[1:-1]))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=SPARSE, jit_compile=False)
    model.fit(data.train_images, labels, batch_size=32, epochs=epochs, verbose=0)
    return model


def one_hot(labels: NDArray[Any]) -> NDArray[np.float32]:
    return np.eye(10, dtype=np.float32)[labels]
