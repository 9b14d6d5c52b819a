"""What a rule says of channels at one place of a graph, whatever made the graph: a layer's call, a node."""

from __future__ import annotations

from collections.abc import Sequence

from harness.channels.channels import Channels
from harness.channels.names import Names, along, nameless, spread, varying_axes


class Place:
    """A place where names come in and others go out. What reads a graph adds what its graphs have.

    `path` is what the place is called, `names` the names of each input; `out_named` are the shapes of the outputs as
    names have them: 1 for the batch and for every size that is not known.
    """

    def __init__(self, path: str, channels: Channels, out_named: Sequence[tuple[int, ...]]) -> None:
        self.path = path
        self._channels = channels
        self._out_named = list(out_named)
        self.names: list[Names] = []

    @property
    def out_shape(self) -> tuple[int, ...]:
        """The shape of the first output, as names have it."""
        return self._out_named[0]

    def create(self, count: int, axis: int) -> Names:
        """Names of the output along whose `axis` `count` new channels are made."""
        return spread(self.make(count), self.out_shape, axis)

    def make(self, count: int) -> Names:
        """The ids of `count` channels that are made here: int32 (count,)."""
        return self._channels.create(self.path, count)

    def channels(self, names: Names, axis: int) -> Names:
        """The ids along one axis, for what keeps all others apart. Nameless if the names vary elsewhere."""
        return along(nameless(names.shape) if self.others(names, axis) else names, axis)

    def read(self, names: Names, axis: int) -> Names:
        """The ids along one axis, for what mixes the others: names that vary elsewhere are pinned."""
        if self.others(names, axis):
            self.pin(names, f"'{self.path}' mixes the axis along which they lie")
        return self.channels(names, axis)

    def others(self, names: Names, axis: int) -> set[int]:
        """The axes but one along which names vary."""
        return set(self.varying(names)) - {axis % names.ndim}

    def varying(self, names: Names) -> tuple[int, ...]:
        """The axes along which names vary."""
        return varying_axes(self.find(names))

    def unify(self, a: Names, b: Names, reason: str) -> None:
        """Make the channels at equal places one channel."""
        self._channels.unify(a, b, reason)

    def find(self, names: Names) -> Names:
        """Names with every channel replaced by the one that stands for all it was unified with."""
        return self._channels.find(names)

    def boxed(self, names: Names) -> Names:
        """Names that vary along one axis at most: the others' are unified, since what is left must be a box."""
        return self._channels.boxed(names, f"'{self.path}' lines it up with no channel")

    def pin(self, names: Names, reason: str) -> None:
        """Forbid the removal of these channels."""
        self._channels.pin(names, reason)

    def pin_all(self, reason: str) -> list[Names]:
        """Pin everything that comes in; return the names of outputs that have none."""
        for names in self.names:
            self.pin(names, reason)
        return [nameless(shape) for shape in self._out_named]

    def carried(self, names: Names) -> list[Names]:
        """Names for the first output, and none for the others."""
        return [names, *(nameless(shape) for shape in self._out_named[1:])]
