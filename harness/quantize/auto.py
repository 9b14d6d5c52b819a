"""Which nodes are worth having in INT8 on this device: some arrangements, measured, and the best of them changed.

Three rounds, in each of which all arrangements are measured together, beside the original: by kind of node first, then
the best of those with one part of the network in float32 after the other, then all parts together that were faster so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.base.progress import Progress
from harness.quantize.gains import gains_of, typical, wins
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

    def arrange(self, nodes: Nodes) -> tuple[Arrangement, ...]:
        """All that was measured; the one that is chosen is the fastest that wins, none where none does.

        Raises:
            MeasureError: a file can't be measured.
            QuantizeError: a file can't be quantized.
        """
        with self.progress.task("arrange", total=ROUNDS) as task:
            found = self._measured(by_kind(nodes))
            task.advance(1, _best(found).name)
            parts = in_parts(nodes.layers)
            best = _best(found)
            found += self._measured(_without_parts(best, parts, found))
            task.advance(1, _best(found).name)
            found += self._measured(_together(best, parts, found))
            task.advance(1, _best(found).name)
        chosen = max(filter(lambda each: wins(each.gains), found), key=lambda each: typical(each.gains), default=None)
        return tuple(each.model_copy(update={"chosen": each is chosen}) for each in found)

    def _measured(self, asked: dict[str, tuple[str, ...]]) -> list[Arrangement]:
        """One measurement of the arrangements with these names and nodes in float32."""
        if not asked:
            return []
        files = []
        for number, left in enumerate(asked.values()):
            files.append(self.folder / f"{number}.onnx")
            self.write(files[-1], left)
        share = self.spec.model_copy(update={"budget_s": self.spec.budget_s / ROUNDS})
        _, gains = gains_of(self.original, files, share)
        return [
            Arrangement(name=name, left=left, gains=own, chosen=False)
            for (name, left), own in zip(asked.items(), gains, strict=True)
        ]


def by_kind(nodes: Nodes) -> dict[str, tuple[str, ...]]:
    """Arrangements by kind of node, by name: which nodes each leaves in float32. Those that leave the same are one."""
    convolutions = [layer for layer in nodes.layers if layer.operator == "Conv"]
    products = [layer for layer in nodes.layers if layer.operator != "Conv"]
    asked = {
        "all": (),
        "kernels alone": nodes.between,
        "convolutions alone": (*names_of(products), *between(convolutions)),
        "products alone": (*names_of(convolutions), *between(products)),
        "convolutions and what is between": names_of(products),
    }
    return _distinct({name: left for name, left in asked.items() if set(left) < set(nodes.quantizable)}, [])


def between(layers: Sequence[Layer]) -> tuple[str, ...]:
    """The nodes that stand between the kernels of some layers."""
    return tuple(name for layer in layers for name in layer.between)


def in_parts(layers: Sequence[Layer]) -> list[tuple[Layer, ...]]:
    """The layers in at most eight parts, in order."""
    count = min(MOST_PARTS, len(layers))
    bounds = [round(number * len(layers) / count) for number in range(count + 1)] if count else [0]
    return [tuple(layers[low:high]) for low, high in pairwise(bounds)]


def _without_parts(
    best: Arrangement, parts: Sequence[tuple[Layer, ...]], found: Sequence[Arrangement]
) -> dict[str, tuple[str, ...]]:
    """The best so far with one part after the other in float32."""
    if len(parts) < 2:
        return {}
    return _distinct({_name(best, part): _with(best.left, part) for part in parts}, found)


def _together(
    best: Arrangement, parts: Sequence[tuple[Layer, ...]], found: Sequence[Arrangement]
) -> dict[str, tuple[str, ...]]:
    """The best of the first round with all parts in float32 that are faster so, and again the two fastest so far."""
    by_name = {each.name: each for each in found}
    good = [part for part in parts if (one := by_name.get(_name(best, part))) is not None and _faster(one, best)]
    again = {each.name: each.left for each in sorted(found, key=lambda each: -typical(each.gains))[:2]}
    if len(good) < 2:
        return again if len(good) == 1 else {}
    left = best.left
    for part in good:
        left = _with(left, part)
    name = f"{best.name}, without {', '.join(_part_name(part) for part in good)}"
    return again | _distinct({name: left}, found)


def _faster(one: Arrangement, other: Arrangement) -> bool:
    return typical(one.gains) > BETTER * typical(other.gains)


def _with(left: Sequence[str], part: Sequence[Layer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*left, *names_of(part))))


def _name(best: Arrangement, part: Sequence[Layer]) -> str:
    return f"{best.name}, without {_part_name(part)}"


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
