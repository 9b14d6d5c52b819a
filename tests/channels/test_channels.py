"""The core: ids, union-find, groups. No Keras here."""

from __future__ import annotations

import numpy as np
import pytest

from harness.channels.channels import Channels
from harness.channels.names import NO_CHANNEL, along, compact, nameless, spread, varying_axes


def test_flattened_names_tell_which_row_belongs_to_which_channel() -> None:
    """Flatten is a reshape of the names: row (h * W + w) * C + c carries channel c."""
    channels = Channels()
    ids = channels.create("conv", 3)
    flat = spread(ids, (1, 2, 2, 3), -1).reshape(1, 12)
    removal = channels.removed([1])
    assert removal.kept(flat)[0].tolist() == [True, False, True] * 4


def test_names_of_a_large_tensor_take_no_memory() -> None:
    ids = Channels().create("conv", 64)
    names = spread(ids, (1, 10_000, 10_000, 64), -1)
    assert compact(names).size == 64
    assert varying_axes(names) == (3,)


def test_unified_channels_go_together() -> None:
    channels = Channels()
    a, b = channels.create("a", 4), channels.create("b", 4)
    channels.unify(a, b, "added")
    removal = channels.removed([int(channels.find(b)[2])])
    assert removal.kept(a).tolist() == [True, True, False, True]
    assert removal.kept(b).tolist() == [True, True, False, True]


def test_unifying_with_no_channel_pins() -> None:
    channels = Channels()
    a = channels.create("a", 2)
    channels.unify(a, np.array([NO_CHANNEL, a[1]], np.int32), "padded")
    first, second = channels.groups()
    assert (first.channels, first.pinned) == ((0,), "padded")
    assert (second.channels, second.pinned) == ((1,), None)


def test_a_pin_spreads_to_everything_unified_before_and_after() -> None:
    channels = Channels()
    a, b, c = (channels.create(name, 1) for name in "abc")
    channels.unify(a, b, "")
    channels.pin(b, "kept")
    channels.unify(c, a, "")
    (group,) = channels.groups()
    assert group.pinned == "kept"
    assert group.makers == ("a", "b", "c")


def test_channels_used_by_different_layers_are_different_groups() -> None:
    """So that a share of each group never takes all that one tensor has."""
    channels = Channels()
    ids = channels.create("conv", 6)
    channels.see(ids[:2])
    channels.see(ids[2:])
    assert [group.channels for group in channels.groups()] == [(0, 1), (2, 3, 4, 5)]


def test_names_along_two_axes_become_a_box() -> None:
    """Channels reshaped to 2 groups of 4: the same place of each group goes together."""
    channels = Channels()
    names = channels.create("conv", 8).reshape(1, 2, 4)
    boxed = channels.boxed(names, "")
    assert varying_axes(boxed) == (2,)
    assert [group.channels for group in channels.groups()] == [(0, 1, 2, 3)]


def test_joined_along_another_axis_the_channels_of_both_go_together() -> None:
    channels = Channels()
    a, b = (spread(channels.create(name, 3), (1, 5, 3), -1) for name in "ab")
    boxed = channels.boxed(np.concatenate([a, b], axis=1), "")
    assert along(boxed, -1).tolist() == [0, 1, 2]
    assert channels.find(b)[0, 0].tolist() == [0, 1, 2]


def test_the_same_layer_makes_the_same_channels_again() -> None:
    channels = Channels()
    assert channels.create("shared", 3) is channels.create("shared", 3)


@pytest.mark.parametrize("shape", [(1, 4), (1, 2, 2)])
def test_what_has_no_channel_stays(shape: tuple[int, ...]) -> None:
    channels = Channels()
    channels.create("conv", 2)
    assert channels.removed([0, 1]).kept(nameless(shape)).all()
