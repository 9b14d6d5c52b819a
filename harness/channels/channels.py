"""All channels of one network: a union-find over their ids, why some must stay, and the groups that they form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.channels.names import NO_CHANNEL, Names, compact, varying_axes
from harness.channels.removal import Removal


@dataclass(frozen=True)
class Group:
    """Channels made and used by exactly the same layers, so that any of them can be removed instead of another.

    `channels` are root ids in increasing order. `makers` are the layers that compute them, in graph order.
    `pinned` is None, or the reason why none of them may be removed.
    """

    channels: tuple[int, ...]
    makers: tuple[str, ...]
    pinned: str | None


class Channels:
    """All channels of one network: who makes them, which are the same, which must stay."""

    def __init__(self) -> None:
        self._parent = np.zeros(0, np.int32)
        self._pins: dict[int, str] = {}
        self._made: dict[str, Names] = {}
        self._seen: dict[bytes, Names] = {}

    @property
    def count(self) -> int:
        """How many ids were given."""
        return len(self._parent)

    @property
    def made(self) -> dict[str, Names]:
        """The ids that each layer makes, by the layer's path: int32 (channels,)."""
        return dict(self._made)

    def create(self, maker: str, count: int) -> Names:
        """Give `count` channels to a layer. Asked again for the same layer, the same channels come back."""
        if maker not in self._made:
            start = len(self._parent)
            new = np.arange(start, start + count, dtype=np.int32)
            self._parent = np.concatenate([self._parent, new])
            self._made[maker] = new
        return self._made[maker]

    def find(self, names: Names) -> Names:
        """The root id of each name; `NO_CHANNEL` stays. Broadcast axes stay broadcast."""
        small = compact(names)
        if not len(self._parent):
            return names
        roots = np.where(small < 0, NO_CHANNEL, self._parent[small])
        while True:
            above = np.where(roots < 0, NO_CHANNEL, self._parent[roots])
            if np.array_equal(above, roots):
                return np.broadcast_to(roots, names.shape)
            roots = above

    def unify(self, a: Names, b: Names, reason: str) -> None:
        """Make the channels at equal places one channel: both stay or both go.

        Where one side has no channel, the other is pinned for `reason`. The shapes must broadcast.
        """
        left, right = np.broadcast_arrays(self.find(compact(a)), self.find(compact(b)))
        pairs = np.unique(np.stack([left.ravel(), right.ravel()]), axis=1)
        for one, other in pairs.T[pairs[0] != pairs[1]]:
            if NO_CHANNEL in (one, other):
                self.pin(np.array([max(one, other)], np.int32), reason)
            else:
                self._join(int(one), int(other))

    def _join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        if first == second:
            return
        self._parent[second] = first
        reason = self._pins.get(second)
        if reason is not None:
            self._pins.setdefault(first, reason)

    def _root(self, channel: int) -> int:
        while self._parent[channel] != channel:
            self._parent[channel] = self._parent[self._parent[channel]]
            channel = int(self._parent[channel])
        return channel

    def pin(self, names: Names, reason: str, *, foremost: bool = False) -> None:
        """Forbid the removal of these channels. The first reason given is kept, unless a `foremost` one comes."""
        for root in np.unique(self.find(compact(names))):
            if root != NO_CHANNEL and (foremost or int(root) not in self._pins):
                self._pins[int(root)] = reason

    def boxed(self, names: Names, reason: str) -> Names:
        """Names that still form a box when channels go: they vary along at most one axis.

        Where they vary along several (channels reshaped to heads, tensors joined along the height), the names along
        all axes but one are unified; the axis that leaves the most channels apart is kept.
        """
        small = compact(self.find(names))
        axes = varying_axes(small)
        if len(axes) > 1:
            axis = max(axes, key=lambda k: (self._apart(small, k), k))
            rows = np.moveaxis(small, axis, 0).reshape(small.shape[axis], -1)
            self.unify(rows[:, :1], rows, reason)
            small = compact(self.find(small))
        return np.broadcast_to(small, names.shape)

    def _apart(self, roots: Names, axis: int) -> int:
        """How many channels stay different when the names in each hyperplane across `axis` become one."""
        parent = {int(root): int(root) for root in np.unique(roots)}

        def top(channel: int) -> int:
            while parent[channel] != channel:
                channel = parent[channel]
            return channel

        for row in np.moveaxis(roots, axis, 0).reshape(roots.shape[axis], -1):
            first, *others = (int(root) for root in np.unique(row))
            for other in others:
                parent[max(top(first), top(other))] = min(top(first), top(other))
        return len({top(channel) for channel in parent})

    def see(self, names: Names) -> None:
        """Record that these names occur together in a tensor. No tensor may lose all of them."""
        ids = np.unique(compact(names))
        self._seen.setdefault(ids.tobytes(), ids)

    def groups(self) -> tuple[Group, ...]:
        """All channels, split into groups, in the order of their first channel."""
        if not self.count:
            return ()
        everyone = self.find(np.arange(self.count, dtype=np.int32))
        label = np.zeros(self.count, np.int64)  # of root ids; the others' are not read
        together = [*self._made.values(), *self._seen.values(), np.array(sorted(self._pins), np.int32)]
        sets = {members.tobytes(): members for members in (_members(everyone, ids) for ids in together)}
        for members in sets.values():
            label[members] = label.max() + 1 + np.unique(label[members], return_inverse=True)[1]
        parts: dict[int, list[int]] = {}
        for root in np.unique(everyone):
            parts.setdefault(int(label[root]), []).append(int(root))
        makers: dict[int, list[str]] = {part[0]: [] for part in parts.values()}
        for maker, ids in self._made.items():
            for root in set(_members(everyone, ids).tolist()) & makers.keys():
                makers[root].append(maker)
        return tuple(Group(tuple(part), tuple(makers[part[0]]), self._pins.get(part[0])) for part in parts.values())

    def widths(self, group: Group) -> dict[str, int]:
        """How many of its own channels each maker loses with one of the group's: 2 where it convolves in two groups.

        1 where that differs from channel to channel.
        """
        found = {}
        for maker in group.makers:
            roots = self.find(self._made[maker])
            counts = np.unique(roots[np.isin(roots, group.channels)], return_counts=True)[1]
            found[maker] = int(counts[0]) if (counts == counts[0]).all() else 1
        return found

    def removed(self, roots: Iterable[int]) -> Removal:
        """What goes when these channels (root ids) go."""
        gone = np.zeros(self.count + 1, np.bool_)
        gone[list(roots)] = True
        gone[:-1] = gone[self.find(np.arange(self.count, dtype=np.int32))]
        return Removal(gone)


def _members(everyone: Names, ids: Names) -> Names:
    """The different roots among some ids, in increasing order."""
    return np.unique(everyone[ids[ids != NO_CHANNEL]])
