"""What a text recogniser reads, and how much of it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from harness.base.errors import HarnessError
from harness.prune.onnx.graph.running import Runner
from harness.stats.intervals import Interval, t_interval

Array = npt.NDArray[Any]
BATCH = 16
BLANK = ""  # what CTC has between two of the same character


def alphabet(path: Path) -> list[str]:
    """What each class of a recogniser's file stands for: nothing, the characters of its metadata, a space.

    Raises:
        HarnessError: its metadata has no characters.
    """
    model = onnx.load_model(path, load_external_data=False)
    found = next((each.value for each in model.metadata_props if each.key == "character"), None)
    if found is None:
        raise HarnessError(f"{path}: no key 'character' in its metadata; give a recogniser of rapidocr-onnxruntime")
    return [BLANK, *found.splitlines(), " "]


def decoded(classes: Array, characters: Sequence[str]) -> str:
    """The text of the likeliest class at each step, (steps,): CTC's greedy path, repetitions taken once."""
    first = np.concatenate([[True], classes[1:] != classes[:-1]])
    return "".join(characters[each] for each in classes[first])


def read(path: Path, lines: Array, characters: Sequence[str]) -> list[str]:
    """What a recogniser reads of lines (N, 3, 48, 320).

    Raises:
        HarnessError: the file tells apart another number of classes than there are characters.
    """
    (name,) = (value.name for value in onnx.load_model(path, load_external_data=False).graph.input)
    runner, found = Runner(path.read_bytes(), optimized=True), list[str]()
    for start in range(0, len(lines), BATCH):
        (made,) = runner.run({name: lines[start : start + BATCH]})
        if made.shape[2] != len(characters):
            raise HarnessError(f"{path}: tells {made.shape[2]} classes apart, and its metadata has {len(characters)}")
        found += [decoded(each, characters) for each in made.argmax(axis=2)]
    return found


def distance(one: str, other: str) -> int:
    """How many characters must be put in, left out or changed to make one text of another (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, start=1):
        before, row[0] = row[0], number
        for place, right in enumerate(other, start=1):
            before, row[place] = row[place], min(before + (left != right), row[place] + 1, row[place - 1] + 1)
    return row[-1]


@dataclass(frozen=True)
class Judged:
    """What was read of some lines: for each how many characters are wrong, and how many there are."""

    wrong: tuple[int, ...]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[str], found: Sequence[str]) -> Judged:
        """Texts as they were rendered, and as they were read."""
        wrong = tuple(distance(*pair) for pair in zip(texts, found, strict=True))
        return cls(wrong, tuple(map(len, texts)))

    @property
    def accuracy(self) -> Interval:
        """One less the share of wrong characters, in percent, over lines of any length."""
        return _share([length - wrong for wrong, length in zip(self.wrong, self.lengths, strict=True)], self.lengths)

    @property
    def whole_lines(self) -> float:
        """The share of lines without a mistake, in percent."""
        return 100 * float(np.mean(np.equal(self.wrong, 0)))

    def lost_to(self, other: Judged) -> Interval:
        """How many points of accuracy another file has less, on the same lines: paired."""
        return _share([ours - theirs for ours, theirs in zip(self.wrong, other.wrong, strict=True)], self.lengths)


def _share(parts: Sequence[int], wholes: Sequence[int]) -> Interval:
    """A ratio of sums, in percent, with Student's t interval of its linear form over the lines."""
    above, below = np.asarray(parts, np.float64), np.asarray(wholes, np.float64)
    ratio = above.sum() / below.sum()
    return t_interval(100 * (ratio + (above - ratio * below) / below.mean()))
