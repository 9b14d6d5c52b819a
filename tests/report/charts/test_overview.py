"""The frontier at one glance: its points, the names beside them, and its SVG in a page."""

from __future__ import annotations

import re
from dataclasses import replace

import altair as alt
import pytest

from harness.compare import Answers
from harness.report.charts.drawing import overview
from harness.report.charts.figure import whole
from harness.report.charts.inline import inline
from harness.report.charts.labels import LINE, Label, placed, words_at
from harness.report.charts.overview import NARROW, WIDE, overview_panel
from harness.report.charts.points import Point, points_of
from harness.report.names import Names

SHOWN = (10.0, 1000.0, 80.0, 100.0)
POINT = Point(
    network="net",
    variant="50 %",
    label="fifty",
    accuracy=90.0,
    low=89.0,
    high=91.0,
    latency=100.0,
    latency_low=99.0,
    latency_high=101.0,
    number=1,
    told=(("Widths", "16-24-32"), ("Command", 'harness prune "a.keras"')),
)


def test_reference_and_choice_have_their_roles(answers: Answers, names: Names) -> None:
    choice = answers.choices[0]
    points = points_of(choice, answers, names)
    roles = {point.role: f"{point.network}, {point.variant}" for point in points if point.role}
    assert roles["reference"] == "deepcaptcha same, original"
    assert set(roles) == {"reference", "choice"}
    assert len(points) == 10
    assert next(point.number for point in sorted(points, key=lambda each: each.latency) if point.number) == 1


def test_it_is_valid_vega_lite_in_both_sizes(answers: Answers, names: Names) -> None:
    points = points_of(answers.choices[0], answers, names)
    for size in (WIDE, NARROW):
        panel = overview_panel(points, size)
        alt.Chart.from_dict(whole(panel.spec, panel.datasets))


def test_a_point_tells_whatever_it_is_given_such_as_widths_and_a_command() -> None:
    other = replace(POINT, latency=200.0, latency_low=190.0, latency_high=210.0, label="<b>")
    svg = overview((POINT, other), "Batch 1", WIDE)
    assert 'data-tip="Widths: 16-24-32&#xA;Command: harness prune &quot;a.keras&quot;"' in svg
    assert "&lt;b&gt;" in svg
    assert 'aria-label="Accuracy against latency, Batch 1: 2 variants"' in svg


def test_svg_in_a_page_leaves_out_what_the_page_says(answers: Answers, names: Names) -> None:
    svg = overview(points_of(answers.choices[0], answers, names), "Batch 1", WIDE)
    assert not re.search(r'font-family|class=|xmlns|aria-roledescription|opacity="1"', svg)
    assert svg.count("aria-label") == svg.count("role=") == 1


def test_a_name_is_escaped() -> None:
    assert 'aria-label="a &amp; &quot;b&quot;"' in inline('<svg viewBox="0 0 4 5"><g></g></svg>', 'a & "b"')


def test_names_cover_no_point_and_no_other_name() -> None:
    crowd = [replace(POINT, label=f"name {step}", latency=90.0 + step) for step in range(12)]
    found = placed(crowd, crowd, SHOWN, (600, 300))
    assert 0 < len(found) < len(crowd)
    assert len({(label.align, label.dx, label.dy) for label in found}) == len(found)


def test_names_cover_no_words_that_stand_in_the_chart() -> None:
    """Where it would have stood, to the right of its point and above it, are those."""
    point, size = replace(POINT, latency=15.0, accuracy=90.0), (600, 300)
    (free,) = placed([point], [point], SHOWN, size)
    words = words_at("a line that goes through here", 91.0, SHOWN, size)
    (moved,) = placed([point], [point], SHOWN, size, [words])
    assert (free.align, free.dy) == ("left", -10)
    assert (moved.align, moved.dy) != ("left", -10)


def test_a_line_leads_from_a_point_to_a_name_that_stands_apart_and_to_no_other() -> None:
    size = (600.0, 300.0)
    assert Label(POINT, "left", 10, -10).leader(SHOWN, size) is None
    latency, accuracy = Label(POINT, "left", 12, 44).leader(SHOWN, size) or (0.0, 0.0)
    assert POINT.latency < latency < 1.1 * POINT.latency
    assert POINT.accuracy - accuracy == pytest.approx((44 - LINE / 2) * 20 / 300)
    above = Label(POINT, "right", -12, -26).leader(SHOWN, size) or (0.0, 0.0)
    assert above[0] < POINT.latency
    assert above[1] > POINT.accuracy


def test_what_has_a_role_is_named_even_in_a_crowd() -> None:
    crowd = [replace(POINT, latency=100.0 + step, accuracy=90 + step / 10) for step in range(40)]
    chosen = replace(POINT, label="the chosen one", role="choice", latency=118.0, accuracy=91.8)
    found = placed([chosen, *crowd], [*crowd, chosen], SHOWN, (600, 300))
    assert found[0].point is chosen


def test_no_name_leaves_the_plot() -> None:
    corner = replace(POINT, latency=990.0, accuracy=99.5, label="a long name for a point")
    (label,) = placed([corner], [corner], SHOWN, (600, 300))
    assert label.align == "right"
    assert label.dy > 0


def test_what_is_chosen_is_drawn_even_far_below(answers: Answers, names: Names) -> None:
    """A choice that would flatten all others is what the chart is about."""
    choice = answers.choices[0]
    far = [
        variant.model_copy(update={"accuracy": variant.accuracy.model_copy(update={"value": 0.3, "low": 0.2})})
        if variant.key == choice.variant and variant.accuracy
        else variant
        for variant in answers.variants
    ]
    points = points_of(choice, answers.model_copy(update={"variants": tuple(far)}), names)
    assert [point.accuracy for point in points if point.role == "choice"] == [30.0]
