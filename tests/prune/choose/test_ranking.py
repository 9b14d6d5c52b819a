"""Importances that look at data, on a network that learned something: each beats random channels."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import pytest

import harness
import models
from harness.data import Dataset, load
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.finetune import finetune
from harness.spec import DataSpec, PruneSpec, TrainSpec

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


def pruned_accuracy(seed: int, importance: str, ratio: float, everywhere: bool, draw: int = 0) -> float:
    """Accuracy without the channels that go, not tuned."""
    data = (digits().train_images, digits().train_labels)
    spec = PruneSpec(ratio=ratio, importance=importance, global_ranking=everywhere)
    return accuracy(harness.prune(trained(seed), spec, data=data, seed=draw).model, digits())


@functools.cache
def random_accuracy(seed: int, ratio: float, everywhere: bool) -> float:
    """The mean over five draws, since one may be lucky."""
    return sum(pruned_accuracy(seed, "random", ratio, everywhere, draw) for draw in range(5)) / 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("importance", "ratio", "everywhere"),
    [
        ("taylor", 0.5, False),
        ("obd", 0.5, False),
        *((importance, 0.25, True) for importance in ("taylor", "obd", "activation", "apoz")),
    ],
)
def test_what_looks_at_data_beats_random(
    seed: int, importance: str, ratio: float, everywhere: bool, record_property: Callable[[str, object], None]
) -> None:
    """What looks at the loss, also at half of every layer.

    What only looks at activations does so where the channels of all layers compete, and goes for those that are dead.
    With half of every layer gone it does worse than random: on black backgrounds the filters that are most active are
    those with a positive bias, and they say nothing.
    """
    assert accuracy(trained(seed), digits()) > 0.8
    found, random = pruned_accuracy(seed, importance, ratio, everywhere), random_accuracy(seed, ratio, everywhere)
    record_property("accuracy", found)
    record_property("random", random)
    assert found > random
