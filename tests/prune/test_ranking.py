"""Importances that look at data, on a network that learned something: each beats random channels."""

from __future__ import annotations

import functools

import keras
import pytest

import harness
import models
from harness.data import Dataset, load
from harness.prune.recover import accuracy, finetune
from harness.spec import DataSpec, TrainSpec

SEEDS = (0, 1, 2)


@functools.cache
def digits() -> Dataset:
    return load(DataSpec(limit=2500))


@functools.cache
def trained(seed: int) -> keras.Model:
    """DeepCAPTCHA, after three epochs."""
    keras.utils.set_random_seed(seed)
    model = models.build("deepcaptcha")
    finetune(model, digits(), TrainSpec(epochs=3), seed=seed)
    return model


def pruned_accuracy(seed: int, importance: str, draw: int = 0) -> float:
    """Accuracy with half of every layer gone, not tuned."""
    data = (digits().train_images, digits().train_labels)
    result = harness.prune(trained(seed), ratio=0.5, importance=importance, data=data, seed=draw)
    return accuracy(result.model, digits())


@functools.cache
def random_accuracy(seed: int) -> float:
    """The mean over five draws, since one may be lucky."""
    return sum(pruned_accuracy(seed, "random", draw) for draw in range(5)) / 5


@pytest.mark.slow
@pytest.mark.parametrize("importance", ["taylor", "activation", "apoz", "obd"])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_looks_at_data_beats_random(seed: int, importance: str) -> None:
    assert accuracy(trained(seed), digits()) > 0.8
    found = pruned_accuracy(seed, importance)
    print(f"seed {seed}: {importance} {found:.3f}, random {random_accuracy(seed):.3f}")  # noqa: T201
    assert found > random_accuracy(seed)
