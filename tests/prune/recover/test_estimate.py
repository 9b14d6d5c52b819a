"""What is said of the accuracy of the fastest widths, where none are fast enough."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from harness.base.errors import TooSlowError
from harness.base.progress import Silent
from harness.prune.api import apply, plan
from harness.prune.recover.accuracy import accuracy
from harness.prune.recover.estimate import Parted, estimating
from harness.records import ChannelPlan
from harness.spec import PruneSpec
from tests.prune.nets import snapshot
from tests.prune.recover.stripes import Examples


def refused(model: keras.Model, give: Any, fastest: ChannelPlan | None) -> str:
    with pytest.raises(TooSlowError) as error, estimating(model, give, 0, Silent()):
        raise TooSlowError("4x as fast is not reachable", fastest=fastest)
    return str(error.value)


def test_it_is_what_reconstruction_comes_to(trained: keras.Model, examples: Examples) -> None:
    """More than the cut network has, no more than the original; which is only read."""
    before, half = snapshot(trained), plan(trained, PruneSpec(ratio=0.5))
    told = refused(trained, lambda: examples, half)
    found = re.fullmatch(
        "4x as fast is not reachable; reconstructed from 320 images and not trained, that would get an estimated "
        r"([\d.]+)% of 160 examples right, of which the original gets ([\d.]+)%",
        told,
    )
    assert found is not None, told
    estimate, original = (float(text) / 100 for text in found.groups())
    assert original == pytest.approx(accuracy(trained, examples), abs=0.001)
    assert accuracy(apply(trained, half), examples) < estimate <= original + 0.05
    for old, new in zip(before, snapshot(trained), strict=True):
        np.testing.assert_array_equal(old, new)


def test_nothing_is_added_where_there_is_nothing_to_tell(trained: keras.Model, examples: Examples) -> None:
    """No data, no widths that are the fastest, or labels that are no class numbers."""
    half = plan(trained, PruneSpec(ratio=0.5))
    floats = Examples(examples.train_images, np.full(320, 0.3), examples.test_images, np.full(160, 0.3))
    for give, fastest in ((lambda: None, half), (lambda: examples, None), (lambda: floats, half)):
        assert refused(trained, give, fastest) == "4x as fast is not reachable"


def test_a_quarter_of_what_a_caller_gives_is_spared_for_judging(examples: Examples) -> None:
    found = Parted.of((examples.train_images, examples.train_labels), 0)
    assert found is not None
    assert (len(found.train_images), len(found.test_images)) == (240, 80)
    assert not {image.tobytes() for image in found.train_images} & {image.tobytes() for image in found.test_images}
    for given in (None, examples.train_images, ((examples.train_images, examples.train_images), examples.train_labels)):
        assert Parted.of(given, 0) is None
