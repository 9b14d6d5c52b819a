"""Arguments of `verify` that can't be used."""

from __future__ import annotations

from typing import Any

import pytest

from harness.base.errors import HarnessError
from harness.prune import prune, verify
from tests.prune.nets import chain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": 1}, "examples = 1: give 2 or more"),
        ({"tolerance": float("nan")}, "tolerance = nan: give a number above 0"),
        ({"seed": -1}, "seed = -1: give a whole number"),
        ({"plan": "p.plan.json"}, "expected a ChannelPlan, not str"),
    ],
)
def test_what_can_not_be_verified_is_one_line(options: dict[str, Any], message: str) -> None:
    model = chain()
    result = prune(model, ratio=0.5)
    with pytest.raises(HarnessError) as caught:
        verify(model, result.model, **{"plan": result.plan, **options})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
