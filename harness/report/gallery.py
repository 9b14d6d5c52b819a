"""Test examples that what is shipped would answer otherwise than what it replaces, with their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.compare import Answers, Disagreement, Disagreements, Labelled, disagreements
from harness.report import format as fmt
from harness.report.names import Names

KINDS = {"lost": "Became wrong", "won": "Became right", "neither": "Wrong both times, but otherwise"}


@dataclass(frozen=True)
class Tile:
    """One example: what it is, and what it was taken for and is now; `picture` is a PNG in base64, if there is one."""

    number: int
    truth: str
    before: str
    after: str
    picture: str | None

    @property
    def told(self) -> str:
        """All of it in words."""
        return f"Test example {self.number}, {self.truth}: taken for {self.before} before, for {self.after} now"


@dataclass(frozen=True)
class Gallery:
    """The examples of one swap, in groups with a heading each; `text` says how many there are."""

    title: str
    text: str
    groups: tuple[tuple[str, tuple[Tile, ...]], ...]


def galleries(labelled: Labelled, answers: Answers, names: Names) -> tuple[Gallery, ...]:
    """One for each variant that is chosen for some batch size, as far as labels and answers were recorded."""
    return tuple(_galleries(labelled, answers, names))


def _galleries(labelled: Labelled, answers: Answers, names: Names) -> Iterator[Gallery]:
    for variant, reference in answers.swaps:
        found = disagreements(labelled, variant.key, reference.key)
        if found is not None:
            title = f"{names.full(variant)}, instead of {names.full(reference)}"
            yield Gallery(title, _text(found, len(variant.seeds)), tuple(_groups(found, labelled)))


def _text(found: Disagreements, seeds: int) -> str:
    count = found.lost + found.won + found.neither
    seed = f" with seed {found.seed}" if seeds > 1 else ""
    share = f"{fmt.count(count)} of {fmt.count(found.examples)} test examples ({fmt.percent(count / found.examples)})"
    return f"The two disagree on {share}{seed}."


def _groups(found: Disagreements, labelled: Labelled) -> Iterator[tuple[str, tuple[Tile, ...]]]:
    counts = {"lost": found.lost, "won": found.won, "neither": found.neither}
    for kind, heading in KINDS.items():
        shown = tuple(_tile(each, found, labelled) for each in found.shown if each.kind == kind)
        if shown:
            yield f"{heading}: {len(shown)} of {fmt.count(counts[kind])}", shown


def _tile(each: Disagreement, found: Disagreements, labelled: Labelled) -> Tile:
    picture = labelled.sets[found.digest].pictures.get(each.number)
    return Tile(each.number, each.truth, each.before, each.after, picture)
