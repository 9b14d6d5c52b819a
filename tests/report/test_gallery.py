"""Single test examples, with their pictures."""

from __future__ import annotations

from pathlib import Path

from harness.compare import Answers, Labelled, disagreements
from harness.compare.results import Results
from harness.report import write
from harness.report.gallery import galleries
from harness.report.names import Names
from tests.report.page import Page


def test_each_swap_has_a_gallery_of_a_dozen_with_pictures(results: Results, answers: Answers, names: Names) -> None:
    labelled = Labelled.of(results, answers)
    (gallery,) = galleries(labelled, answers, names)
    ((variant, reference),) = answers.swaps
    found = disagreements(labelled, variant.key, reference.key)
    assert found is not None
    tiles = [tile for _, group in gallery.groups for tile in group]
    assert len(tiles) == 12
    assert all(tile.picture for tile in tiles)
    headings = [heading for heading, _ in gallery.groups]
    assert headings[0] == f"Became wrong: {len(gallery.groups[0][1])} of {found.lost}"
    count = found.lost + found.won + found.neither
    assert gallery.text.startswith(f"The two disagree on {count} of 1,000 test examples")
    assert gallery.text.endswith("with seed 0.")


def test_a_picture_says_in_words_what_it_shows(page: Page) -> None:
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 12
    assert len({attrs["alt"] for attrs in pictures}) == 12
    for attrs in pictures:
        assert str(attrs["src"]).startswith("data:image/png;base64,")
        assert str(attrs["alt"]).startswith("Test example ")


def test_without_pictures_the_answers_are_told_all_the_same(results: Results, tmp_path: Path) -> None:
    bare = {digest: each.model_copy(update={"pictures": {}}) for digest, each in results.example_sets.items()}
    page = Page(write(results.model_copy(update={"example_sets": bare}), tmp_path).html.read_text())
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert sum(text.startswith("example ") for text in page.text) == 12
