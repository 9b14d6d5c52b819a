"""The networks that everybody prunes: trained in Keras, and written down for those who work in PyTorch or on ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.base.progress import Progress
from harness.base.store import Artifact, Store, file_digest
from harness.data import Dataset
from harness.spec import TrainSpec

CALIBRATION = 1_500  # training images that everybody may look at before any training
CHECKED = 256  # images on which the networks in Keras and in PyTorch are compared


@dataclass(frozen=True)
class Size:
    """How large it all is: the bench itself, or a small one that shows that it runs."""

    examples: int | None = None
    epochs: int = 6
    seeds: int = 3
    launches_s: float = 120.0  # of the last measurement


SMALL = Size(examples=2_100, epochs=1, seeds=1, launches_s=40)


@dataclass(frozen=True)
class Original:
    """A trained network with its seed; `calibration` are the places of the images to look at."""

    seed: int
    artifact: Artifact
    calibration: Any

    @cached_property
    def model(self) -> Any:
        """In Keras."""
        import keras

        return keras.models.load_model(self.artifact.path("original.keras"))

    @property
    def onnx(self) -> Path:
        """As harness exports it."""
        return self.artifact.path("original.onnx")

    @property
    def weights(self) -> Path:
        """For the other environment: weights by name, calibration, and outputs of the first images, an .npz."""
        return self.artifact.path("original.npz")


def images(store: Store, data: Dataset, size: Size) -> Path:
    """The training images for the other environment: uint8 (N, 28, 28, 1) and their labels (N,), an .npz."""

    def make(folder: Path) -> None:
        pixels = np.round(data.train_images * 255).astype(np.uint8)
        assert np.array_equal(pixels.astype(np.float32) / 255, data.train_images)
        np.savez(folder / "images.npz", images=pixels, labels=data.train_labels)

    return store.get("peers-images", {"examples": size.examples}, make).path("images.npz")


def original(store: Store, data: Dataset, size: Size, seed: int, progress: Progress) -> Original:
    """`deepcaptcha` with `same` padding, trained by Adam at 1e-3 in batches of 128."""
    import keras

    import models
    from harness.training.train import train

    spec = TrainSpec(epochs=size.epochs, batch_size=128, learning_rate=1e-3)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(data.train_labels))[:CALIBRATION])

    def make(folder: Path) -> None:
        keras.utils.set_random_seed(seed)
        model = models.build("deepcaptcha", input_shape=(28, 28, 1), n_class=10, padding="same")
        train(model, data.train_images, data.train_labels, spec, seed=seed, progress=progress)
        write(model, data, chosen, folder)

    made = store.get("peers-original", key(size, seed), make)
    return Original(seed, made, chosen)


def key(size: Size, seed: int) -> dict[str, Any]:
    """What an original is kept under."""
    import keras

    return {"examples": size.examples, "epochs": size.epochs, "seed": seed, "keras": keras.__version__}


def write(model: Any, data: Dataset, chosen: Any, folder: Path) -> None:
    """Write a trained network down, for harness, for ONNX, and for PyTorch."""
    import keras

    from harness.export.exporting import export

    model.save(folder / "original.keras")
    export(model, folder / "original.onnx", data.test_images[:CHECKED])
    weights = {
        f"{layer.name}/{weight.name}": keras.ops.convert_to_numpy(weight)
        for layer in model.layers
        for weight in layer.weights
    }
    outputs = keras.ops.convert_to_numpy(model(data.train_images[:CHECKED], training=False))
    np.savez(folder / "original.npz", **weights, calibration=chosen, outputs=outputs)


def digest(original: Original) -> str:
    """Of the weights, for what is made of them."""
    return file_digest(original.weights)
