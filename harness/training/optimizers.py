"""The optimizer that a training asks for, by its name, for one network."""

from __future__ import annotations

import re
from typing import Any

import keras

from harness.spec import TrainSpec


def optimizer_for(model: keras.Model, spec: TrainSpec, learning_rate: Any = None) -> keras.optimizers.Optimizer:
    """A fresh optimizer; `learning_rate` may be a schedule, and is the spec's where it is left out.

    Muon (Jordan et al. 2024; Liu et al. 2025, arXiv 2502.16982) orthogonalizes the steps of matrices, which here are
    the kernels of Dense layers. As its authors advise, that of the last layer is trained by AdamW; so is, in Keras,
    all that is not a matrix, such as the kernels of convolutions.
    """
    config: dict[str, Any] = {"learning_rate": spec.learning_rate if learning_rate is None else learning_rate}
    if spec.optimizer == "muon":
        dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        config["exclude_layers"] = [f"(^|/){re.escape(layer.name)}/" for layer in dense[-1:]]
    return keras.optimizers.get({"class_name": spec.optimizer, "config": config})
