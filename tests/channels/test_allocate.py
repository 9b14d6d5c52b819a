"""How many channels go, and which: on groups made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from harness.channels.allocate import Amount, allocate
from harness.channels.channels import Channels
from harness.channels.errors import ChannelError
from harness.channels.named import named


def two_layers() -> Channels:
    """Four channels of one layer, two of another, in groups of their own."""
    channels = Channels()
    channels.create("a", 4)
    channels.create("b", 2)
    return channels


def allocated(channels: Channels, amount: Amount) -> list[int]:
    groups = channels.groups()
    scores = {0: np.array([3.0, 0.0, 2.0, 1.0]), 1: np.array([0.5, 4.0])}
    return allocate(groups, scores, amount, [channels.widths(group) for group in groups], frozenset({"a"}))


@pytest.mark.parametrize(
    ("amount", "gone"),
    [
        (Amount(ratio=0.5), [1, 3, 4]),
        (Amount(ratio=0.5, round_to=2), [1, 3]),
        (Amount(ratio=0.5, global_ranking=True), [1, 3, 4]),
        (Amount(ratio=0.9), [1, 3, 2, 4]),
        (Amount(filters=1), [1]),
    ],
)
def test_the_least_important_go_and_something_of_each_group_stays(amount: Amount, gone: list[int]) -> None:
    assert allocated(two_layers(), amount) == gone


def test_an_amount_is_a_share_or_a_number() -> None:
    for options in ({}, {"ratio": 0.5, "filters": 1}, {"filters": 1, "global_ranking": True}):
        with pytest.raises(ChannelError, match="ratio"):
            Amount(**options)  # type: ignore[arg-type]


def test_what_would_leave_nothing_is_refused() -> None:
    with pytest.raises(ChannelError, match="filters = 4 leaves nothing of 'a'"):
        allocated(two_layers(), Amount(filters=4))
    with pytest.raises(ChannelError, match="nothing of 'b' would be left"):
        named(two_layers(), {"b": [0, 1]})
