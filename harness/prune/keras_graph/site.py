"""What a rule sees: one call of one layer, the names that come in, and the ways to say what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.channels.channels import Channels
from harness.channels.names import Names
from harness.channels.place import Place
from harness.channels.removal import Removal
from harness.prune.keras_graph.graph import Call, Shape, weights_of

Config = Callable[[Removal], Mapping[str, Any]]
Arguments = Callable[[Removal, tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class WeightNames:
    """Which channels the positions along a weight's axes belong to.

    `makes` is the axis along which the weight computes channels, or None where it reads or only accompanies them.
    """

    axes: Mapping[int, Names]
    makes: int | None = None


@dataclass
class LayerNames:
    """All that was said about one layer, over all its calls."""

    weights: dict[int, WeightNames] = field(default_factory=dict)
    configs: list[Config] = field(default_factory=list)
    arguments: Arguments | None = None
    stays: str | None = None
    seen: dict[str, Names] = field(default_factory=dict)


class Site(Place):
    """One call of one layer, as its rule sees it.

    `names` holds the names of each input tensor and `shapes` their shapes; `out_shapes` holds those of the outputs.
    All have a batch axis first; in `names` it has size 1, and so has every axis of unknown size.
    """

    def __init__(self, call: Call, layer: LayerNames, channels: Channels, shapes: Mapping[int, Shape]) -> None:
        self.call = call
        self.op = call.op
        self._layer = layer
        self.shapes = [shapes[index] for index in call.inputs]
        self.out_shapes = [shapes[index] for index in call.outputs]
        super().__init__(call.path, channels, [known(shape) for shape in self.out_shapes])

    def weight(self, name: str, axes: Mapping[int, Names], makes: int | None = None) -> None:
        """Say which channels the positions of a weight belong to: `axes` maps its axes to ids.

        Called again for a shared layer, the ids are unified. A weight that the layer doesn't have is passed over.
        """
        for index, weight in enumerate(weights_of(self.op)):
            if weight.name != name:
                continue
            rank = len(weight.shape)
            named = {axis % rank: ids for axis, ids in axes.items()}
            first = self._layer.weights.setdefault(index, WeightNames(named, None if makes is None else makes % rank))
            for axis, ids in named.items():
                self.unify(first.axes[axis], ids, f"'{self.call.path}' is shared with a tensor without channels")
                self._channels.see(ids)

    def config(self, change: Config, names: Names, label: str) -> None:
        """Say how the layer's configuration follows from what stays; `names` are those it is read from.

        A layer called several times has one configuration, so the names of all its calls are unified.
        """
        if label in self._layer.seen:
            self.unify(self._layer.seen[label], names, f"'{self.call.path}' is shared with a tensor without channels")
            return
        self._layer.seen[label] = names
        self._layer.configs.append(change)

    def counted(self, key: str, ids: Names) -> None:
        """The configuration's `key` is the number of these channels, such as `filters` or `units`."""
        self.config(lambda removal: {key: int(removal.kept(ids).sum())}, ids, key)

    def stays(self, reason: str) -> None:
        """Say why this layer makes no channels that could go, though others of its type do."""
        self._layer.stays = reason

    def rearguments(self, change: Arguments) -> None:
        """Say how the arguments of the call follow from what stays. Only for raw operations, which are called once."""
        self._layer.arguments = change


def weights_named(op: Any) -> list[str]:
    """The names of a layer's weights."""
    return [weight.name for weight in weights_of(op)]


def known(shape: Shape) -> tuple[int, ...]:
    """A shape as names have it: batch 1, and 1 for every unknown size."""
    return (1, *(1 if size is None else int(size) for size in shape[1:])) if shape else ()
