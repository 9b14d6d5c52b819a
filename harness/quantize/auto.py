"""Which nodes are worth having in INT8 on this device: some arrangements, measured, and the best of them changed.

Three rounds, in each of which all arrangements are measured together, beside the original: by kind of node first, and
without what the profiler says is slower in INT8; then the best of those with one part of the network after the other
changed; then with all changes together that made it faster. Where a network is so slow that so many leave too few
launches to judge any, the fastest is measured once more, beside the original alone, for as long as all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.base.progress import Progress
from harness.quantize.gains import gains_of, judged, typical, wins
from harness.quantize.operators import Layer, Nodes, names_of
from harness.records import Arrangement
from harness.spec import MeasureSpec

ROUNDS = 3
MOST_PARTS = 8
BETTER = 1.01  # times as fast an arrangement must be than the best so far, for a part of the network to be worth a try
Write = Callable[[Path, Sequence[str]], None]


@dataclass(frozen=True)
class Search:
    """Where the original is, how files are written and measured, and a folder for them; each round gets its share."""

    original: Path
    write: Write
    spec: MeasureSpec
    folder: Path
    progress: Progress

    def arrange(self, nodes: Nodes, suspects: Collection[str] = ()) -> tuple[Arrangement, ...]:
        """All that was measured; the one that is chosen is the fastest that wins, none where none does.

        Raises:
            MeasureError: a file can't be measured.
            QuantizeError: a file can't be quantized.
        """
        with self.progress.task("arrange", total=ROUNDS) as task:
            share_s = self.spec.budget_s / ROUNDS
            found = self._measured(by_kind(nodes, suspects), share_s)
            task.advance(1, _best(found).name)
            parts = in_parts(nodes.layers)
            best = _best(found)
            found += self._measured(_changed(best, parts, found), share_s)
            task.advance(1, _best(found).name)
            found += self._measured(_together(best, parts, found), share_s)
            task.advance(1, _best(found).name)
            if not any(wins(each.gains) for each in found) and not judged(_best(found).gains):
                found += self._measured({_best(found).name: _best(found).left}, self.spec.budget_s)
        chosen = max(filter(lambda each: wins(each.gains), found), key=lambda each: typical(each.gains), default=None)
        return tuple(each.model_copy(update={"chosen": each is chosen}) for each in found)

    def _measured(self, asked: dict[str, tuple[str, ...]], budget_s: float) -> list[Arrangement]:
        """One measurement of the arrangements with these names and nodes in float32, for so many seconds."""
        if not asked:
            return []
        files = []
        for number, left in enumerate(asked.values()):
            files.append(self.folder / f"{number}.onnx")
            self.write(files[-1], left)
        spec = self.spec.model_copy(update={"budget_s": budget_s})
        _, gains = gains_of(self.original, files, spec, self.progress)
        return [
            Arrangement(name=name, left=left, gains=own, chosen=False)
            for (name, left), own in zip(asked.items(), gains, strict=True)
        ]


def by_kind(nodes: Nodes, suspects: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    """Arrangements by kind of node, by name: which nodes each leaves in float32. Those that leave the same are one.

    `suspects` are kernels that the profiler says are slower in INT8: one arrangement leaves them.
    """
    asked = {
        "all": (),
        "all but what is slower so": names_of([layer for layer in nodes.layers if layer.kernel in suspects]),
        "convolutions alone": names_of([layer for layer in nodes.layers if layer.operator != "Conv"]),
        "products alone": names_of([layer for layer in nodes.layers if layer.operator == "Conv"]),
    }
    return _distinct({name: left for name, left in asked.items() if set(left) < set(nodes.quantizable)}, [])


def in_parts(layers: Sequence[Layer]) -> list[tuple[Layer, ...]]:
    """The layers in at most eight parts, in order."""
    count = min(MOST_PARTS, len(layers))
    bounds = [round(number * len(layers) / count) for number in range(count + 1)] if count else [0]
    return [tuple(layers[low:high]) for low, high in pairwise(bounds)]


def _changed(
    best: Arrangement, parts: Sequence[tuple[Layer, ...]], found: Sequence[Arrangement]
) -> dict[str, tuple[str, ...]]:
    """The best so far with one part of the network after the other changed: to float32, or back to INT8."""
    return _distinct({_name(best, [part]): _toggled(best.left, part) for part in parts}, found)


def _together(
    best: Arrangement, parts: Sequence[tuple[Layer, ...]], found: Sequence[Arrangement]
) -> dict[str, tuple[str, ...]]:
    """The best of the first round with all changes together that made it faster, and again the two fastest so far."""
    by_name = {each.name: each for each in found}
    good = [part for part in parts if (one := by_name.get(_name(best, [part]))) is not None and _faster(one, best)]
    if not good:
        return {}
    again = {each.name: each.left for each in sorted(found, key=lambda each: -typical(each.gains))[:2]}
    left = best.left
    for part in good:
        left = _toggled(left, part)
    return again | _distinct({_name(best, good): left}, found)


def _faster(one: Arrangement, other: Arrangement) -> bool:
    return typical(one.gains) > BETTER * typical(other.gains)


def _toggled(left: Sequence[str], part: Sequence[Layer]) -> tuple[str, ...]:
    """What is left in float32 with a part of the network changed: back to INT8 where all of it was left."""
    names = dict.fromkeys(names_of(part))
    if set(names) <= set(left):
        return tuple(name for name in left if name not in names)
    return tuple(dict.fromkeys((*left, *names)))


def _name(best: Arrangement, parts: Sequence[Sequence[Layer]]) -> str:
    """`all, 'conv_1' changed`."""
    return f"{best.name}, {', '.join(map(_part_name, parts))} changed"


def _part_name(part: Sequence[Layer]) -> str:
    """`'conv_1'`, or `'conv_1' to 'conv_4'`."""
    first, last = part[0].kernel, part[-1].kernel
    return f"'{first}'" if first == last else f"'{first}' to '{last}'"


def _distinct(asked: dict[str, tuple[str, ...]], found: Sequence[Arrangement]) -> dict[str, tuple[str, ...]]:
    """Those that differ in what they leave, from each other and from those that were measured."""
    seen = [set(each.left) for each in found]
    kept: dict[str, tuple[str, ...]] = {}
    for name, left in asked.items():
        if set(left) not in seen:
            seen.append(set(left))
            kept[name] = left
    return kept


def _best(found: Sequence[Arrangement]) -> Arrangement:
    return max(found, key=lambda each: typical(each.gains))
