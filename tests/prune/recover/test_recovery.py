"""Accuracy won back, and the baselines beside it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import harness
from harness.base.errors import PruneError
from harness.prune.keras_graph.copies import copied
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.recovery import RecoverySpec, recover
from harness.spec import TrainSpec
from tests.prune.nets import snapshot
from tests.prune.recover.stripes import Examples

L = keras.layers


def test_accuracy_is_reported_at_every_step_beside_three_baselines(trained: keras.Model, examples: Examples) -> None:
    before = snapshot(trained)
    result = harness.prune(trained, ratio=0.9)
    spec = RecoverySpec(train=TrainSpec(epochs=2, learning_rate=3e-3, batch_size=32), scratch_epochs=3, distill=True)
    report = recover(trained, result, examples, spec)
    assert report.original == accuracy(trained, examples) > 0.7
    assert report.tuned == accuracy(result.model, examples)
    assert report.tuned is not None
    assert report.tuned > report.pruned
    assert report.recalibrated is not None
    assert report.original_recalibrated is not None
    assert None not in (report.random_channels, report.from_scratch, report.original_longer)
    assert (report.examples, report.epochs, report.scratch_epochs, report.distilled) == (160, 2, 3, True)
    for old, new in zip(before, snapshot(trained), strict=True):
        np.testing.assert_array_equal(old, new)


def test_statistics_that_are_off_are_seen_in_the_original_too(trained: keras.Model, examples: Examples) -> None:
    """Moving statistics at their start, as after too few steps: pruning has no part in what recalibration wins."""
    off = copied(trained)
    norm = off.get_layer("bn")
    norm.moving_mean.assign(np.full(8, 3.0))
    norm.moving_variance.assign(np.full(8, 0.01))
    report = recover(off, harness.prune(off, filters=1), examples, RecoverySpec())
    assert report.recalibrated is not None
    assert report.original_recalibrated is not None
    assert report.original < 0.5
    assert min(report.recalibrated, report.original_recalibrated) > report.original + 0.2
    assert report.original == accuracy(off, examples), "the original is only read"


def test_a_fine_tuning_that_diverges_says_so(trained: keras.Model, examples: Examples) -> None:
    result = harness.prune(trained, ratio=0.5)
    spec = RecoverySpec(train=TrainSpec(epochs=2, learning_rate=1e30, optimizer="sgd"), baselines=False)
    with pytest.raises(PruneError, match=r"at a learning rate of 1e\+30 ends in NaN"):
        recover(trained, result, examples, spec)


def test_a_model_that_is_no_classifier_says_so(examples: Examples) -> None:
    given = keras.Input((8, 8, 1))
    flat = L.Dense(8)(L.Flatten()(given))
    model = keras.Model(given, [L.Dense(2)(flat), L.Dense(3)(flat)])
    result = harness.prune(model, ratio=0.5)
    with pytest.raises(PruneError, match="one input and one output"):
        recover(model, result, examples, RecoverySpec())
