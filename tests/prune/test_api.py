"""What can't be done as asked is one line that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import harness
from harness.base.errors import HarnessError, PruneError, SpecError
from harness.prune import prune
from tests.prune.nets import chain, randomised


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"ratio": 1.0}, SpecError, "ratio = 1.0"),
        ({"ratio": -0.1}, SpecError, "ratio = -0.1"),
        ({"ratio": 0.5, "filters": 1}, SpecError, "max_latency_us, not ratio and filters"),
        ({"ratio": 0.0}, PruneError, "removes no channel at all"),
        ({"ratio": 0.01}, PruneError, "removes no channel at all"),
        ({"ratio": 0.5, "round_to": 64}, PruneError, "removes no channel at all"),
        ({"filters": 8}, PruneError, "filters = 8 leaves nothing of 'conv_a'"),
        ({"ratio": 0.5, "keep": ("conv_z",)}, PruneError, "there is no layer 'conv_z'"),
        ({"ratio": 0.5, "size": 3}, SpecError, "'size' is unknown"),
    ],
)
def test_impossible_requests_are_one_line_that_says_what_to_do(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        harness.prune(chain(), **options)
    assert "\n" not in str(caught.value)


IMAGES = np.zeros((4, 12, 12, 3), np.float32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spec": 0.5}, "expected a PruneSpec, not 0.5; write prune(model, ratio=0.5)"),
        ({"spec": {"ratio": 0.5}}, "expected a PruneSpec, not {'ratio': 0.5}"),
        ({"ratio": 0.5, "seed": -1}, "seed = -1: give a whole number"),
        ({"ratio": 0.5, "seed": 1.5}, "seed = 1.5: give a whole number"),
        ({"ratio": 0.5, "importance": "apoz", "data": IMAGES * np.nan}, "data: holds NaN or infinity"),
        ({"ratio": 0.5, "importance": "apoz", "data": IMAGES.astype(str)}, "data: not numbers"),
        ({"ratio": 0.5, "importance": "apoz", "data": "mnist5k"}, "data: not numbers"),
        ({"ratio": 0.5, "importance": "apoz", "data": 3}, "data: 3 is a single number"),
    ],
)
def test_arguments_that_can_not_be_used_are_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(HarnessError) as caught:
        prune(chain(), **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "reconstruction: needs examples; give them, as data=images"),
        (IMAGES[:1], "1 examples; give two or more"),
        (IMAGES[:, :6], "don't fit the model's inputs"),
        (np.full_like(IMAGES, np.inf), "data: holds NaN or infinity"),
    ],
)
def test_examples_that_nothing_can_be_reconstructed_from_are_one_line(data: Any, message: str) -> None:
    with pytest.raises(PruneError) as caught:
        prune(chain(), ratio=0.5, recover="reconstruct", data=data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_kernels_are_reconstructed_from_images_alone_or_beside_labels() -> None:
    """The proof is about the network before; the same images give the same kernels."""
    model = randomised(chain(), 3)
    images = np.random.default_rng(0).normal(size=(60, 12, 12, 3)).astype(np.float32)
    found = [
        harness.prune(model, ratio=0.5, recover="reconstruct", data=data)
        for data in (images, (images, np.zeros(60, np.int64)))
    ]
    plain = harness.prune(model, ratio=0.5)
    assert plain.reconstruction is None
    for result in found:
        assert result.proven == plain.proven
        assert result.plan == plain.plan
        assert result.reconstruction is not None
        assert result.reconstruction.after < result.reconstruction.before
        for one, other in zip(result.model.get_weights(), found[0].model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    few = harness.prune(model, ratio=0.5, recover="reconstruct", reconstruct_images=20, data=images)
    assert few.reconstruction is not None
    assert few.reconstruction.images == 20
