"""Every list of a pruning is an axis, and each point of the grid has a name of its own."""

from __future__ import annotations

from tests.spec.studies import study


def test_a_list_of_ratios_is_a_prune_for_each() -> None:
    network = {"model": "single_conv", "prune": [{"ratio": [0.25, 0.5], "finetune_epochs": 1}, {"filters": 1}]}
    (case,) = study(networks=[network]).cases()
    assert [spec.label for spec in case.prune] == ["25 %, tuned 1", "50 %, tuned 1", "1 filter"]


def test_every_list_of_a_pruning_is_an_axis_of_its_grid_but_keep() -> None:
    grid = {"filters": [1, 2], "importance": ["l1", "taylor"], "rows": "first", "keep": ["a", "b"]}
    (case,) = study(networks=[{"model": "single_conv", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "1 filter, keep a b, first rows",
        "1 filter, taylor, keep a b, first rows",
        "2 filters, keep a b, first rows",
        "2 filters, taylor, keep a b, first rows",
    ]


def test_channels_can_be_named_one_table_for_each_pruning() -> None:
    grid = {"remove": [{"conv_1": [7]}, {"conv_1": [7, 9], "conv_2": [0]}], "finetune_epochs": [0, 1]}
    (case,) = study(networks=[{"model": "deepcaptcha", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "conv_1 without 7",
        "conv_1 without 7, tuned 1",
        "conv_1 without 7 and 9, conv_2 without 0",
        "conv_1 without 7 and 9, conv_2 without 0, tuned 1",
    ]
