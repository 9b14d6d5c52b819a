"""What reconstruction misses at other widths, on examples that nothing is solved from."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from harness.prune.api import plan
from harness.prune.recover import judging
from harness.prune.recover.judging import KerasJudge
from harness.spec import PruneSpec
from tests.prune.nets import chain, randomised, snapshot
from tests.prune.recover.stripes import Examples


def test_fewer_channels_miss_more_and_the_network_is_only_read(trained: keras.Model, examples: Examples) -> None:
    before = snapshot(trained)
    judge = KerasJudge.of(trained, (examples.train_images, examples.train_labels), 0)
    assert judge is not None
    assert judge.examples == 320
    little, much = (judge.missed(plan(trained, PruneSpec(ratio=ratio))) for ratio in (0.25, 0.75))
    assert little is not None
    assert much is not None
    assert 0 < little < much < 1
    assert little == judge.missed(plan(trained, PruneSpec(ratio=0.25)))
    for old, new in zip(before, snapshot(trained), strict=True):
        np.testing.assert_array_equal(old, new)


def test_nothing_is_solved_from_what_it_is_judged_by(
    trained: keras.Model, examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[np.ndarray] = []
    judge = KerasJudge.of(trained, examples.train_images, 0)
    real = judging.reconstruct

    def seen(original: keras.Model, decided: object, cut: keras.Model, inputs: list[np.ndarray], seed: int) -> object:
        solved.extend(inputs)
        return real(original, decided, cut, inputs, seed)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "reconstruct", seen)
    assert judge is not None
    assert judge.missed(plan(trained, PruneSpec(ratio=0.5)))
    (images,) = solved
    assert len(images) == 256
    others = {image.tobytes() for image in examples.train_images} - {image.tobytes() for image in images}
    assert len(others) == 64


def test_it_can_not_tell_without_examples_or_by_too_few() -> None:
    model = randomised(chain())
    assert KerasJudge.of(model, None, 0) is None
    shape = model.input_shape[1:]
    judge = KerasJudge.of(model, np.ones((1, *shape), np.float32), 0)
    assert judge is not None
    assert judge.missed(plan(model, PruneSpec(ratio=0.5))) is None
