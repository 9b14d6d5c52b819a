"""Channels that are removed by name: the right ones, with all that must go with them, or one line that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.base.errors import PruneError
from harness.prune import prune
from tests.prune.nets import array, chain, residual


def test_just_the_named_channel_goes_and_the_proof_holds() -> None:
    model = chain()
    result = prune(model, remove={"conv_a": [1]})
    assert result.proven.holds
    kept = [place for place in range(model.get_layer("conv_a").filters) if place != 1]
    assert np.array_equal(
        array(result.model.get_layer("conv_a").kernel), array(model.get_layer("conv_a").kernel)[..., kept]
    )


def test_what_an_add_joins_goes_together() -> None:
    kept = prune(residual(), remove={"stem": [2, 5]}).plan.kept
    assert kept["stem"] == kept["branch"] == (0, 1, 3, 4, 6, 7)


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ({"conv_9": [0]}, "no layer 'conv_9' makes channels; use one of conv_a, conv_b"),
        ({"conv_a": [8]}, "'conv_a' has no channel 8; its channels are 0 to 7"),
        ({"conv_b": [*range(6)]}, "nothing of 'conv_b' would be left; remove fewer"),
        ({"out": [0]}, "channels of 'out' must stay: "),
    ],
)
def test_what_can_not_be_removed_is_one_line(remove: dict[str, Any], message: str) -> None:
    with pytest.raises(PruneError) as caught:
        prune(chain(), remove=remove)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
