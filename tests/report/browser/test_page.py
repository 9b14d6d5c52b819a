"""What a reader sees and does, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.report import ReportPaths, write
from tests.report.browser.visit import DESK, PHONE, Visit
from tests.report.headline.worlds import pruned

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_it_opens_without_a_request_or_a_message(visit: Visit) -> None:
    """The fixture looks for faults at the end."""
    assert visit.page.title() == "small: what pruning costs and buys"


@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_the_first_screen_has_question_answer_frontier_command_and_gates(
    browser: Browser, written: ReportPaths, screen: tuple[int, int]
) -> None:
    with Visit(browser, written.html, screen) as visit:
        of_view = [f".view:not([hidden]) {each}" for each in (".plot:visible svg", ".command", ".gates li:last-child")]
        for what in ("h1", ".answer", *of_view):
            box = visit.page.locator(what).first.bounding_box()
            assert box is not None, what
            assert box["y"] + box["height"] <= screen[1], what
            assert box["x"] + box["width"] <= screen[0], what
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert width == screen[0], "nothing sticks out to the right"


@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_why_nothing_faster_is_recommended_stands_there_too(
    browser: Browser, tmp_path: Path, screen: tuple[int, int]
) -> None:
    """Where there is such a dot; it moves neither the frontier nor the gates out of sight."""
    with Visit(browser, write(pruned(0.983), tmp_path).html, screen) as visit:
        assert "50\u00a0% may lose" in visit.page.locator(".view:not([hidden]) .why").inner_text()
        for what in (".why", ".plot:visible svg", ".gates li:last-child"):
            box = visit.page.locator(f".view:not([hidden]) {what}").first.bounding_box()
            assert box is not None, what
            assert box["y"] + box["height"] <= screen[1], what


def test_where_there_is_no_such_dot_nothing_is_said_of_it(visit: Visit) -> None:
    assert visit.page.locator(".why").count() == 0


def test_the_first_chart_shows_intervals_on_both_axes(visit: Visit) -> None:
    """A line up and a line across for every point, in SVG that is there without a script."""
    plot = visit.page.locator(".view:not([hidden]) .wide")
    points = plot.locator("[data-tip]").count()
    lines = plot.locator("line").evaluate_all(
        "all => all.map(line => [line.getAttribute('x2'), line.getAttribute('y2')].map(Number))"
    )
    assert points == 10, "all but the mistake"
    assert sum(x == 0 and y != 0 for x, y in lines) >= points
    assert sum(y == 0 and x != 0 for x, y in lines) >= points - 1, "the reference has no interval in its latency"


def test_a_click_on_a_heading_sorts_and_another_turns_it_round(visit: Visit) -> None:
    visit.heading("Parameters").click()
    rising = [int(text.replace(",", "")) for text in visit.column("Parameters")]
    assert rising == sorted(rising)
    assert len(set(rising)) > 2
    heading = visit.heading("Parameters").locator("xpath=..")
    assert heading.get_attribute("aria-sort") == "ascending"
    visit.heading("Parameters").click()
    assert [int(text.replace(",", "")) for text in visit.column("Parameters")] == sorted(rising, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"


def test_negative_numbers_sort_as_numbers_and_what_has_none_comes_last(visit: Visit) -> None:
    visit.heading("Change, points").focus()
    visit.page.keyboard.press("Enter")
    shown = [re.split(r"\s", text)[0] for text in visit.column("Change, points")]
    known = [float(text.replace("−", "-")) for text in shown if text]
    assert known == sorted(known)
    assert known[0] < -1 < 0 < known[-1] + 1
    assert shown[len(known) :] == [""] * 3, "an original has no change"


def test_words_and_ticks_filter_together_and_the_rest_is_counted(visit: Visit) -> None:
    visit.page.get_by_label("Search").fill("valid 50 %")
    assert visit.column("Network") == ["deepcaptcha valid"]
    visit.page.get_by_label("Search").fill("valid")
    valid = len(visit.column("Network"))
    visit.page.get_by_label("On the frontier").check()
    both = visit.column("Network")
    assert 0 < len(both) < valid
    assert set(both) == {"deepcaptcha valid"}
    assert visit.page.locator("form.filter output").inner_text() == f"{len(both)} of 11"
    visit.page.get_by_label("Search").fill("nothing is called this")
    assert visit.column("Network") == []


def test_a_mark_tells_its_numbers_under_the_pointer_and_by_the_arrow_keys(visit: Visit) -> None:
    tip = visit.page.locator("#tip")
    assert tip.is_hidden()
    visit.page.locator(".view:not([hidden]) .wide [data-tip]").last.hover()
    assert tip.is_visible()
    assert "Accuracy" in tip.inner_text()
    visit.page.keyboard.press("Escape")
    assert tip.is_hidden()
    visit.page.mouse.move(5, 5)
    visit.page.locator(".view:not([hidden]) .wide").focus()
    visit.page.keyboard.press("ArrowRight")
    first = tip.inner_text()
    visit.page.keyboard.press("ArrowRight")
    assert "Latency" in first
    assert tip.inner_text() != first


def test_every_chart_has_marks_that_tell_something(visit: Visit) -> None:
    for name in ("frontier", "speedup", "seeds", "rows"):
        marks = visit.page.locator(f"#{name} [data-tip]")
        assert marks.count() > 3, name
        marks.first.scroll_into_view_if_needed()
        marks.first.hover(force=True)
        assert ":" not in visit.page.locator("#tip span").first.inner_text()
        assert visit.page.locator("#tip div").count() >= 2, name


@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_changed_answers_are_shown_as_pictures_that_load(
    browser: Browser, written: ReportPaths, screen: tuple[int, int]
) -> None:
    """Each beside both answers, of which at least one is wrong, and none sticks out."""
    with Visit(browser, written.html, screen) as visit:
        tiles = visit.page.locator(".gallery li")
        assert tiles.count() == 12
        for tile in tiles.all():
            picture = tile.locator("img")
            assert picture.evaluate("picture => picture.complete && picture.naturalWidth") == 28
            assert tile.locator(".wrong, .right").count() == 2
            assert tile.locator(".wrong").count() >= 1
            box = tile.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= screen[0]
        assert visit.faults == []


def test_classes_sort_by_what_they_lost(visit: Visit) -> None:
    table = visit.page.locator("#classes table").first
    table.get_by_role("button", name="Change, points", exact=True).click()
    shown = [re.split(r"\s", text)[0] for text in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    changes = [float(text.replace("−", "-")) for text in shown]
    assert changes == sorted(changes)
    assert len(changes) == 10


def test_each_link_leads_to_a_place_on_the_page(visit: Visit) -> None:
    links = visit.page.locator("a").evaluate_all("all => all.map(link => link.getAttribute('href'))")
    assert len(links) >= 8
    for link in links:
        assert link.startswith("#")
        assert visit.page.locator(link).count() == 1, link
    visit.page.locator(".view:not([hidden]) h2 a").click()
    row = visit.page.locator("tr:target")
    assert "chosen" in str(row.get_attribute("data-tags"))
    assert row.locator("td").nth(1).inner_text() in visit.page.locator(".view:not([hidden]) h2").inner_text()
    assert row.bounding_box()["y"] < DESK[1]  # type: ignore[index]


def test_another_batch_size_has_its_own_chart_and_numbers(visit: Visit) -> None:
    seen = visit.page.locator(".view:not([hidden]) figcaption")
    assert "batch 1." in seen.inner_text()
    visit.page.get_by_role("button", name="Batch 32", exact=True).click()
    assert "batch 32." in seen.inner_text()
    assert visit.page.get_by_role("button", name="Batch 32", exact=True).get_attribute("aria-pressed") == "true"


def test_a_dark_screen_gets_a_dark_page(browser: Browser, written: ReportPaths) -> None:
    with Visit(browser, written.html, color_scheme="dark") as visit:
        paper, ink = visit.page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        red, green, blue = map(int, re.findall(r"\d+", paper))
        assert max(red, green, blue) < 40
        assert min(map(int, re.findall(r"\d+", ink))) > 200
        axis = visit.page.locator(".view:not([hidden]) .wide text").first
        assert axis.evaluate("text => getComputedStyle(text).fill") == ink


def test_without_a_script_all_is_there(browser: Browser, written: ReportPaths) -> None:
    with Visit(browser, written.html, java_script_enabled=False) as visit:
        assert visit.page.locator(".view:visible").count() == 2
        assert visit.page.locator(".tabs, form.filter, .copy").locator("visible=true").count() == 0
        assert visit.page.locator("table.main tbody tr:visible").count() == 11


def test_on_paper_nothing_is_folded(visit: Visit) -> None:
    assert visit.page.locator("details[open]").count() == 0
    visit.page.emulate_media(media="print")
    visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator("details:not([open])").count() == 0
    assert visit.page.locator(".view:visible").count() == 2
    assert visit.page.locator(".filter, nav, .copy").locator("visible=true").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_axe_finds_nothing_serious(
    browser: Browser, written: ReportPaths, screen: tuple[int, int], scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with Visit(browser, written.html, screen, color_scheme=scheme) as visit:
        for fold in visit.page.locator("details").all():
            fold.evaluate("fold => fold.open = true")
        found = Axe().run(visit.page).response["violations"]
    serious = [
        (each["id"], node["html"][:200])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
    assert serious == []
