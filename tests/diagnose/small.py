"""A small network on 64 digits, and what is said of it."""

from __future__ import annotations

from typing import Any

import keras

from harness.diagnose import diagnose
from tests.diagnose.cases.case import SPARSE, L, chain, digits


def small(**options: Any) -> keras.Model:
    return chain(L.Flatten(), L.Dense(10, activation="softmax"), **options)


def diagnosed(model: keras.Model | None = None, images: Any = None, labels: Any = None, **options: Any) -> Any:
    data = digits()
    images = data.train_images[:64] if images is None else images
    labels = data.train_labels[:64] if labels is None else labels
    return diagnose(model or small(), images, labels, **{"loss": SPARSE, **options})


def first(*arguments: Any, **options: Any) -> str:
    return str(diagnosed(*arguments, **options).kinds()[0])
