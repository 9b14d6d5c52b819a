"""The effects of a full factorial among the arms: of each change, the others averaged, and of every two together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from harness.compare.answers import Change, Effect
from harness.compare.arms import Runs, accuracy_contrast, all_but, share_contrast


def effects_of(arms: Sequence[Runs]) -> Iterator[Effect]:
    """Main effects, then two-factor interactions, of every full factorial among the arms."""
    groups: dict[tuple[str, tuple[str, ...], frozenset[tuple[str, str]]], list[Runs]] = {}
    for runs in arms:
        keys = tuple(runs.arm.factors)
        groups.setdefault((runs.arm.model, keys, all_but(keys, runs)), []).append(runs)
    for (model, keys, _), cells in groups.items():
        levels = {key: list(dict.fromkeys(runs.settings[key] for runs in cells)) for key in keys}
        levels = {key: values for key, values in levels.items() if len(values) > 1}
        if len(levels) > 1 and math.prod(map(len, levels.values())) == len(cells):
            for changes in _changes(levels):
                weights = weights_of(cells, changes, levels)
                yield Effect(
                    model=model,
                    changes=changes,
                    difference=share_contrast(cells, weights),
                    accuracy=accuracy_contrast(cells, weights, list(levels)),
                )


def _changes(levels: Mapping[str, Sequence[str]]) -> Iterator[tuple[Change, ...]]:
    """Every value of a factor against its first; then of every two factors."""
    single = {
        key: [Change(factor=key, base=values[0], value=value) for value in values[1:]] for key, values in levels.items()
    }
    for order in (1, 2):
        for keys in itertools.combinations(single, order):
            yield from itertools.product(*(single[key] for key in keys))


def weights_of(cells: Sequence[Runs], changes: Sequence[Change], levels: Mapping[str, Sequence[str]]) -> list[float]:
    """The weight of each cell in a change's effect, every cell of the other factors counting alike.

    Of two changes it is the first's effect with the second made, minus the first's without.
    """
    changed = {change.factor for change in changes}
    others = math.prod(len(values) for key, values in levels.items() if key not in changed)
    return [math.prod(_sign(runs, change) for change in changes) / others for runs in cells]


def _sign(runs: Runs, change: Change) -> int:
    setting = runs.settings[change.factor]
    return int(setting == change.value) - int(setting == change.base)
