"""Channels given by the layer that makes them and their place there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.channels.channels import Channels
from harness.channels.errors import ChannelError


def named(channels: Channels, remove: Mapping[str, Sequence[int]]) -> list[int]:
    """The root ids of channels given by layer and place. What other layers make together with them goes too.

    Raises:
        ChannelError: there is no such layer or channel, a channel must stay, or nothing of a layer would be left.
    """
    groups = {root: group for group in channels.groups() for root in group.channels}
    removed: set[int] = set()
    for layer, places in remove.items():
        ids = channels.made.get(layer)
        if ids is None:
            raise ChannelError(f"remove: no layer '{layer}' makes channels; use one of {', '.join(channels.made)}")
        if max(places) >= len(ids):
            raise ChannelError(f"remove: '{layer}' has no channel {max(places)}; its channels are 0 to {len(ids) - 1}")
        roots = {int(root) for root in channels.find(ids[list(places)])}
        reason = next((groups[root].pinned for root in roots if groups[root].pinned), None)
        if reason is not None:
            raise ChannelError(f"remove: channels of '{layer}' must stay: {reason}")
        removed |= roots
    emptied = next((group for group in groups.values() if removed.issuperset(group.channels)), None)
    if emptied is not None:
        raise ChannelError(f"remove: nothing of '{emptied.makers[0]}' would be left; remove fewer of its channels")
    return sorted(removed)
