"""A run of more variants than anybody looks through: the report shows those that matter, and says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.table import invented
from harness.compare import Answers, Standing, compare
from harness.compare.results import Results
from harness.report import shown, terminal_table, write
from harness.report.shown import left_out, worth_showing


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "MOST", 7)


def test_what_is_not_too_much_is_all_shown(answers: Answers) -> None:
    assert worth_showing(answers) is answers
    assert left_out(answers, answers) == ""


def test_what_matters_most_is_shown_with_its_original(answers: Answers, few: None) -> None:
    """In the study's order."""
    found = worth_showing(answers)
    keys = {variant.key for variant in found.variants}
    assert 7 <= len(keys) <= 8 < len(answers.variants)
    chosen = {key for choice in answers.choices for key in (choice.variant, choice.reference) if key is not None}
    assert chosen <= keys
    for variant in found.variants:
        assert next(each for each in answers.of(variant.network) if each.original).key in keys
    hidden = [variant for variant in answers.variants if variant.key not in keys]
    for variant in hidden:
        assert Standing.ON not in {place.standing for place in variant.places.values()}
    assert list(found.variants) == [variant for variant in answers.variants if variant.key in keys]
    assert [network for network in answers.networks if found.of(network)] == list(found.networks)


def test_the_report_and_the_terminal_say_how_many_are_shown(results: Results, few: None, tmp_path: Path) -> None:
    """Sentences and the page's head are about all of them."""
    written = write(results, tmp_path)
    total = len(compare(results).variants)
    page, text = written.html.read_text(), written.markdown.read_text()
    told = re.compile(rf"(\d+) of {total} variants are shown, fewer in the charts: .* has all")
    counts = {int(found[1]) for found in map(told.search, (page, text)) if found is not None}
    assert len(counts) == 1
    assert f"{total} variants" in page
    (count,) = counts
    assert len(re.findall(r'<tr id="v\d+"', page)) == count
    table = terminal_table(results)
    assert str(table.caption).startswith(f"{count} of {total} variants are shown")
    assert len(written.answers.variants) == total


@pytest.mark.slow
def test_hundreds_of_networks_have_a_report_of_the_size_of_a_page(tmp_path: Path) -> None:
    """How long it takes is for `make bench-table` to say."""
    results = invented(seeds=1, rates=12, ratios=6)
    written = write(results, tmp_path)
    assert len(written.answers.variants) == 120 * 8
    page = written.html.read_text()
    assert 500 <= len(re.findall(r'<tr id="v\d+"', page)) <= 501
    assert len(page) < 8e6
