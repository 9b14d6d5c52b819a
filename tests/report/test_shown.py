"""A run of more variants than anybody looks through: the report shows those that matter, and says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.table import invented
from harness.compare import Answers, Standing, compare
from harness.compare.results import Results
from harness.report import shown, terminal_table, write
from harness.report.charts import theme
from harness.report.shown import left_out, shown_of, worth_showing


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "MOST", 7)


def test_what_is_not_too_much_is_all_shown(answers: Answers) -> None:
    assert worth_showing(answers) is answers
    assert left_out(answers, answers) == ""
    parts = shown_of(answers)
    assert parts.tables is parts.head is parts.charts is answers
    assert parts.at_head == parts.in_charts == ""


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


@pytest.fixture(scope="module")
def many() -> Answers:
    """Ten architectures with seven learning rates each: those of one architecture lie on each other."""
    return compare(invented(seeds=1, rates=7, ratios=6))


def test_the_head_draws_one_of_those_that_lie_on_each_other(many: Answers) -> None:
    """All that is chosen is among them, and no spot of the frontier is without a dot."""
    parts = shown_of(many)
    drawn = {variant.key for variant in parts.head.variants}
    assert len(many.variants) == 560
    assert 10 < len(drawn) <= shown.MOST_DRAWN
    assert {key for choice in many.choices for key in (choice.variant, choice.reference)} - {None} <= drawn
    for batch in many.batch_sizes:
        spots = [shown._spot(variant, batch) for variant in parts.head.variants]
        for (arena,) in [many.arenas]:
            assert {shown._spot(each, batch) for each in many.frontier(arena, batch)} <= set(spots)
    assert parts.at_head == f"Drawn: {len(drawn)} of 560 variants, one where several would lie on each other."


def test_the_other_charts_draw_few_networks_whole(many: Answers) -> None:
    """So many that a colour stands for one alone."""
    charts = shown_of(many).charts
    assert len(charts.networks) == shown.MOST_NETWORKS <= len(theme.COLORS)
    for network in charts.networks:
        assert charts.of(network) == many.of(network)
    own = {variant.network for choice in many.choices for variant in many.variants if variant.key == choice.variant}
    assert own <= set(charts.networks)


def test_what_was_not_measured_has_charts_too(many: Answers) -> None:
    """Its networks in the order of accuracy."""
    variants = tuple(variant.model_copy(update={"places": {}}) for variant in many.variants)
    parts = shown_of(many.model_copy(update={"variants": variants, "choices": ()}))
    assert parts.head.variants == ()
    assert len(parts.charts.networks) == shown.MOST_NETWORKS


def test_charts_say_how_many_they_draw(results: Results, few: None, tmp_path: Path) -> None:
    total = len(compare(results).variants)
    page = write(results, tmp_path).html.read_text()
    told = re.findall(rf"Drawn: \d+ of {total} variants, (of|one)", page)
    assert {"of", "one"} <= set(told)


@pytest.mark.slow
def test_hundreds_of_networks_have_a_report_of_the_size_of_a_page(tmp_path: Path) -> None:
    """How long it takes is for `make bench-table` to say."""
    results = invented(seeds=1, rates=12, ratios=6)
    written = write(results, tmp_path)
    assert len(written.answers.variants) == 120 * 8
    page = written.html.read_text()
    assert 500 <= len(re.findall(r'<tr id="v\d+"', page)) <= 501
    assert len(page) < 8e6
