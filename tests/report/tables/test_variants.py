"""The main table."""

from __future__ import annotations

from harness.compare import Answers, compare
from harness.report.names import Names
from harness.report.tables.table import Cell
from harness.report.tables.variants import main_table, page_table
from harness.spec import Case, PruneSpec, Study
from tests.report.tables.columns import column
from tests.synthetic import World, results_of


def test_every_variant_has_a_row_under_its_network(answers: Answers, names: Names) -> None:
    table = main_table(answers, names)
    assert table.groups == (("deepcaptcha same", 4), ("deepcaptcha valid", 4), ("single_conv", 3))
    assert [len(rows) for _, rows in table.grouped] == [4, 4, 3]
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_speed_up_has_its_interval_and_verdict(answers: Answers, names: Names) -> None:
    cells = column(main_table(answers, names), "Speed-up, batch\u00a032")
    assert cells[:2] == [Cell(""), Cell("")]
    assert (cells[2].badge, cells[3].badge) == ("slower", "faster")
    assert " to " in cells[2].note


def test_beside_the_change_stands_that_against_the_original_trained_on(answers: Answers, names: Names) -> None:
    table = main_table(answers, names)
    changes, equal = column(table, "Change, points"), column(table, "Against trained on, points")
    assert [cell.text for cell in changes[:4]] == ["", "+0.1", "−0.2", "−0.6"]
    assert [cell.text for cell in equal[:4]] == ["", "", "−0.3", "−0.7"]
    assert equal[-3:] == [Cell("")] * 3, "nothing was fine-tuned"


def test_a_control_says_that_it_is_one(answers: Answers, names: Names) -> None:
    table = main_table(answers, names)
    assert column(table, "Variant")[-2].badge == "mistake"
    assert column(table, "Proof")[-2].text == "none"


def test_columns_that_only_pruning_fills_go_where_nothing_is_pruned() -> None:
    answers = compare(results_of(Study.model_validate({"name": "plain", "networks": [{"model": "lenet"}]})))
    titles = [each.title for each in main_table(answers, Names(answers)).columns]
    assert "Accuracy" in titles
    assert not {"Change, points", "Proof", "Speed-up, batch\u00a01"} & set(titles)


def test_it_is_the_original_that_is_at_chance(study: Study) -> None:
    """What was pruned and tuned may be good: nothing is concluded all the same."""

    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.104 if prune is None else 0.9

    network = study.networks[0].model_copy(update={"model": "net.keras", "vary": {}})
    answers = compare(results_of(study.model_copy(update={"networks": (network,)}), World(accuracy=accuracy)))
    badges = [cell.badge for cell in column(main_table(answers, Names(answers)), "Variant")]
    assert badges == ["at chance", *["original at chance"] * 3]


def test_on_the_page_every_variant_is_a_row_with_its_network_and_what_it_is_filtered_by(
    answers: Answers, names: Names
) -> None:
    table = page_table(answers, names)
    assert [each.title for each in table.columns][:3] == ["Network", "Variant", "Accuracy"]
    assert len(table.rows) == len(table.tags) == 11
    tags = dict(zip([(row[0].text, row[1].text) for row in table.rows], table.tags, strict=True))
    assert "faster" in tags["deepcaptcha same", "50\u00a0%"]
    assert "slower" in tags["deepcaptcha same", "25\u00a0%"]
    assert sum("chosen" in each for each in table.tags) >= 1
    assert not set(tags["single_conv", "1 filter (first rows)"]) & {"frontier", "chosen"}
    values = [cell.value for cell in column(table, "Parameters")]
    assert max(value for value in values if value) == 342_458
