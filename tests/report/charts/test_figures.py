"""The report's charts, as specifications and as pictures."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pytest

from harness.compare import Answers, compare
from harness.compare.results import Results
from harness.report import ReportPaths
from harness.report.charts import Figure, figures, theme
from harness.report.names import Names
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, accuracy_of, results_of


@pytest.fixture(scope="module")
def drawn(answers: Answers, names: Names) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(answers, names)}


def drawn_from(results: Results) -> dict[str, Figure]:
    answers = compare(results)
    return {figure.name: figure for figure in figures(answers, Names(answers))}


def rows_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for rows in spec["datasets"].values() for row in rows]


def test_a_run_with_everything_has_all_four_figures(drawn: dict[str, Figure]) -> None:
    assert list(drawn) == ["frontier", "speedup", "seeds", "rows"]


def test_batch_sizes_have_panels_of_their_own(drawn: dict[str, Figure]) -> None:
    titles = [spec["vconcat"][0]["title"] for spec in drawn["frontier"].specs()]
    assert titles == ["Batch 1", "Batch 32"]
    assert len(drawn["speedup"].panels) == 4, "two batch sizes for each of two ways to prune"


@pytest.mark.parametrize("name", ["frontier", "speedup", "seeds", "rows"])
def test_a_panel_is_valid_vega_lite(drawn: dict[str, Figure], name: str) -> None:
    """Checked against Vega-Lite's own schema."""
    alt.Chart.from_dict(drawn[name].specs()[0])


def test_pictures_are_drawn_with_their_words(drawn: dict[str, Figure], written: ReportPaths) -> None:
    svg = next(path for path in written.charts if path.name == "frontier.svg").read_text()
    for words in (drawn["frontier"].title, "Batch 32", "Latency, µs (log scale)", "deepcaptcha valid"):
        assert words in svg


def test_a_network_has_one_colour_and_shape_in_all_figures(drawn: dict[str, Figure], names: Names) -> None:
    domain = list(names.networks.values())
    found = [text for figure in drawn.values() for spec in figure.specs() for text in scales(spec)]
    assert found
    for scale in found:
        assert scale["domain"] == domain
        assert scale["range"][0] in (theme.COLORS[0], theme.SHAPES[0])


def scales(spec: Any) -> list[dict[str, Any]]:
    """All scales of colour and shape, anywhere in a specification."""
    if isinstance(spec, list):
        return [found for part in spec for found in scales(part)]
    if not isinstance(spec, dict):
        return []
    own = [spec["scale"]] if spec.get("field") == "network" and "scale" in spec else []
    return own + [found for part in spec.values() for found in scales(part)]


def test_colour_and_shape_together_tell_many_networks_apart() -> None:
    pairs = {(theme.color_of(index), theme.shape_of(index)) for index in range(42)}
    assert len(pairs) == 42


def test_what_is_wrong_on_purpose_is_not_drawn_as_a_choice(drawn: dict[str, Figure]) -> None:
    for name in ("frontier", "speedup", "seeds"):
        assert "first rows" not in json.dumps(drawn[name].specs(), ensure_ascii=False)
    assert "first rows" in json.dumps(drawn["rows"].specs(), ensure_ascii=False)


def test_a_point_that_would_flatten_all_others_is_named_instead(study: Study) -> None:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.4 if prune is not None and prune.ratio == 0.5 else accuracy_of(case, prune)

    alone = study.model_copy(update={"networks": study.networks[:1]})
    figure = drawn_from(results_of(alone, World(accuracy=accuracy)))["frontier"]
    assert "Not drawn, more than 15 points below the best: deepcaptcha same, pruned by 50" in figure.caption
    lines = [row["line"] for row in rows_of(figure.specs()[0]) if "line" in row]
    assert lines[0] == 1, "the fastest is not drawn, and numbers count what is"
    assert min(row["accuracy"] for spec in figure.specs() for row in rows_of(spec) if "accuracy" in row) > 80


def test_nothing_measured_leaves_the_charts_of_accuracy(study: Study) -> None:
    assert list(drawn_from(results_of(study, World(measured=False)))) == ["seeds", "rows"]


def test_one_seed_has_no_spread_to_draw(study: Study) -> None:
    assert "seeds" not in drawn_from(results_of(study.model_copy(update={"seeds": (0,)})))


def test_a_seed_that_did_not_learn_stands_at_the_edge_and_squeezes_no_other(study: Study) -> None:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.1 if case.seed == 1 and case.options.get("padding") == "same" else accuracy_of(case, prune)

    spec = drawn_from(results_of(study, World(accuracy=accuracy, measured=False)))["seeds"].specs()[0]
    dots = [row for row in rows_of(spec) if "seed" in row]
    low = spec["layer"][0]["encoding"]["x"]["scale"]["domain"][0]
    assert low > 90
    assert [row["accuracy"] == low for row in dots] == [row["unlearned"] for row in dots] == [False, True] * 4
    assert "Accuracy: 10.0" in dots[1]["tip"]


def test_unbounded_intervals_are_drawn_as_points(study: Study) -> None:
    figure = drawn_from(results_of(study, World(launches=1)))["speedup"]
    rows = [row for spec in figure.specs() for row in rows_of(spec) if "speedup" in row]
    assert rows
    assert all(row["low"] == row["speedup"] == row["high"] and row["open"] for row in rows)
